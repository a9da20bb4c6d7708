// What makes the pages nicer where scripts run; everything works without it.
import { account } from "./account.js";
import { addresses } from "./address.js";
import { basket } from "./basket.js";
import { checkout } from "./checkout.js";
import { focusErrors } from "./forms.js";
import { hearts } from "./heart.js";
import { liveFilters } from "./live.js";
import { search } from "./search.js";
import { staff } from "./staff.js";

account();
addresses();
basket();
checkout();
focusErrors();
hearts();
liveFilters();
search();
staff();
