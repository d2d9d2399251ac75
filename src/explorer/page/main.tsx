/** The explorer's page, started: an element with ROOT_ID is all it needs. */

import { render } from "preact";
import { ROOT_ID } from "../static-data.ts";
import { Layout } from "./layout.tsx";
import { loadRuns, startPlace } from "./runs.ts";
import { startRouter } from "./router.ts";
import { startTheme } from "./theme.ts";
import "./explorer.css";

startTheme();
startRouter();
startPlace();
void loadRuns();
render(<Layout />, document.getElementById(ROOT_ID)!);
