/** The explorer's page. */

import { render } from "preact";
import "./explorer.css";

render(<main>The explorer.</main>, document.getElementById("app")!);
