import { html } from "../html.js";
export function View() { return html`<p class="none">start</p>`; }
