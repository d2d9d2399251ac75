/** What reports are laid out in: sections with their title at the side, figures in a grid, a list of cautions. */

import type { Figure } from "./figure.ts";
import { prose } from "./format.ts";
import { type Content, html, type Markup, trusted } from "./markup.ts";

export function section(title: string, body: Content, aside?: Content): Markup {
  return html`<section>
    <h2>${title}${aside && html`<small>${aside}</small>`}</h2>
    <div class="body">${body}</div>
  </section>`;
}

/** A line of the title does not end inside a name such as one-layer. */
export function unbroken(text: string): string {
  return text.replaceAll("-", "\u2011");
}

export function figureGrid(figures: readonly Figure[], columns = ""): Markup {
  return html`<div class="figures ${columns}">
    ${figures.map(
      ({ title, caption, svg, narrow }) =>
        html`<figure>
          <h3>${title}</h3>
          ${
            narrow === undefined
              ? trusted(svg)
              : html`<div class="wide">${trusted(svg)}</div>
                  <div class="narrow">${trusted(narrow)}</div>`
          }
          <figcaption>${prose(caption)}</figcaption>
        </figure>`,
    )}
  </div>`;
}

/** @param of what nothing was found to hold against */
export function cautionSection(
  of: string,
  cautions: readonly { readonly title: string; readonly texts: readonly Content[] }[],
): Markup {
  return section(
    "Read with care",
    cautions.length === 0
      ? html`<p class="fine">None of the automatic checks found anything to hold against this ${of}.</p>`
      : html`<ul class="cautions">
          ${cautions.map(
            ({ title, texts }) =>
              html`<li>
                <h3>${title}</h3>
                <div>${texts}</div>
              </li>`,
          )}
        </ul>`,
  );
}
