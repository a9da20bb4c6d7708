// What makes the pages nicer where scripts run; everything works without it.
import { focusErrors } from "./forms.js";
import { liveFilters } from "./live.js";
import { search } from "./search.js";

focusErrors();
liveFilters();
search();
