// What makes the pages nicer where scripts run; everything works without it.
import { focusErrors } from "./forms.js";
import { listenForSearchKey } from "./search.js";

focusErrors();
listenForSearchKey();
