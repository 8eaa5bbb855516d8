// Where to begin: films, photos of the cast, a list of names, photos to be looked through.
import { may } from "../api.js";
import { html } from "../html.js";
import { CastPhotos } from "../parts/cast_photos.js";
import { ChooseFilms } from "../parts/choose_films.js";
import { JobLine } from "../parts/job.js";
import { NamesList } from "../parts/names_list.js";
import { SeenSoFar } from "../parts/seen_so_far.js";
import { address, place } from "../router.js";
import { characters, isKnown, jobs, media } from "../state.js";
import { TEXTS } from "../texts.js";

const T = TEXTS.start;

export function View() {
  if (!may("editor")) return html`<h1>${T.title}</h1><p class="none">${T.viewer}</p>`;
  const isEmpty = isKnown.value && !media.value.size && !characters.value.length;
  const { query } = place.value;
  return html`
    <h1>${isEmpty ? T.title : T.more}</h1>
    <p class="quiet">${T.about}</p>
    <${Working} />
    <div class="ways">
      <section class="way films-way" aria-labelledby="way-films">
        <h2 id="way-films">${T.films}</h2>
        <p class="quiet">${T.filmsAbout}</p>
        <${ChooseFilms} root=${query.get("root") ?? ""} folder=${query.get("folder") ?? ""} q=${query.get("q") ?? ""} />
      </section>
      <section class="way" aria-labelledby="way-photos">
        <h2 id="way-photos">${T.photos}</h2>
        <p class="quiet">${T.photosAbout}</p>
        <${CastPhotos} />
      </section>
      <section class="way" aria-labelledby="way-names">
        <h2 id="way-names">${T.names}</h2>
        <p class="quiet">${T.namesAbout}</p>
        <${NamesList} />
      </section>
    </div>
  `;
}

/** What was begun, and where it leads: people are asked about as soon as their film is done. */
function Working() {
  const open = [...jobs.value.values()].filter((job) => ["running", "waiting"].includes(job.state) && ["scan", "keep", "add", "relabel"].includes(job.kind));
  const scans = open.filter((job) => job.kind === "scan" && job.state === "running");
  const hasPeople = [...media.value.values()].some((one) => one.unknown);
  if (!open.length && !hasPeople) return null;
  return html`
    <section class="working" aria-label=${T.working}>
      ${open.length > 0 && html`<ul class="jobs">${open.slice(0, 4).map((job) => html`<${JobLine} key=${job.id} job=${job} />`)}</ul>`}
      ${open.length > 4 && html`<p><a href=${address("jobs")}>${T.moreJobs(open.length - 4)}</a></p>`}
      ${scans.map((job) => html`<${SeenSoFar} key=${job.id} job=${job} />`)}
      ${hasPeople ? html`<p><a class="button main" href=${address("review")}>${T.review}</a></p>` : html`<p class="quiet">${T.soon}</p>`}
    </section>`;
}
