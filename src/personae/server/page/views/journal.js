import { html } from "../html.js";
export function View() { return html`<p class="none">journal</p>`; }
