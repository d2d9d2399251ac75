/** The explorer's page, started: an element with ROOT_ID is all it needs. */

import { render } from "preact";
import { ROOT_ID } from "../static-data.ts";
import { Layout } from "./layout.tsx";
import { loadRuns, startPlace } from "./shell/runs.ts";
import { startRouter } from "./shell/router.ts";
import { startTheme } from "./shell/theme.ts";
import "./explorer.css";

startTheme();
startRouter();
startPlace();
void loadRuns();
render(<Layout />, document.getElementById(ROOT_ID)!);
