/** What surrounds every page: name, run and dictionary, navigation, theme, and the tip that tokens show. */

import { useEffect, useRef } from "preact/hooks";
import type { RunSummary } from "../api.ts";
import { PAGES } from "./pages.ts";
import { go, href, route, studyRoute, there } from "./shell/router.ts";
import type { PageName } from "./shell/route.ts";
import { loadRuns, opened, openRun, run, runs, runsError, sae } from "./shell/runs.ts";
import { Nothing, Problem, Waiting } from "./shell/states.tsx";
import { studies, study, studyAddress, studyOfRun } from "./shell/studies.ts";
import { StudyPage } from "./study/study.tsx";
import { theme, toggleTheme } from "./shell/theme.ts";
import { Tip } from "./shell/tip.tsx";

export function Layout() {
  const { page, unit } = route.value;
  const title = page === "unknown" ? "Not found" : page === "study" ? "Study" : PAGES[page].title;
  const name = page === "study" ? study.value?.title : run.value?.name;
  const hasStudies = studies.value !== null && studies.value.length > 0;
  // With studies alone, pages on a run begin at a trial.
  const hasRun = !hasStudies || run.value !== undefined;
  useEffect(() => {
    const what = unit === null ? title : `${unit.kind === "neuron" ? "Neuron" : "Feature"} ${unit.index}`;
    document.title = name === undefined ? what : `${what} · ${name}`;
  }, [title, unit, name]);
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    // In a narrow window the navigation is wider than its place.
    const here = nav.current?.querySelector<HTMLElement>("[aria-current]");
    if (nav.current !== null && here !== null && here !== undefined)
      nav.current.scrollLeft = here.offsetLeft + here.offsetWidth / 2 - nav.current.clientWidth / 2;
  }, [page]);
  return (
    <>
      <a class="skip" href="#content" onClick={skip}>
        Skip to the page
      </a>
      <header class="bar">
        <a class="brand" href={href(hasRun ? there({ page: "features" }) : studyAddress())}>
          monosemantic
        </a>
        <Place />
        <nav aria-label="Pages" ref={nav}>
          {hasStudies && (
            <a href={href(studyAddress())} aria-current={page === "study" ? "page" : undefined}>
              Study
            </a>
          )}
          {Object.entries(PAGES)
            .filter(([target, { inNavigation }]) => inNavigation && hasRun && isOfUse(target as PageName))
            .map(([target, { title: words }]) => {
              const here = page === target || (page === "unit" && target === "features");
              return (
                <a
                  key={target}
                  href={href(there({ page: target as PageName }))}
                  aria-current={here ? "page" : undefined}
                >
                  {words}
                </a>
              );
            })}
        </nav>
        <button
          type="button"
          class="theme"
          onClick={toggleTheme}
          aria-label={theme.value === "dark" ? "Light colours" : "Dark colours"}
          title={theme.value === "dark" ? "Light colours" : "Dark colours"}
        >
          {theme.value === "dark" ? "☀" : "☾"}
        </button>
      </header>
      <main id="content" tabIndex={-1}>
        <Content />
      </main>
      <Tip />
    </>
  );
}

/** Dictionaries of studies are compared on the study's page. */
function isOfUse(page: PageName): boolean {
  return page !== "compare" || (runs.value ?? []).length > 0 || (studies.value ?? []).length === 0;
}

function Content() {
  const { page } = route.value;
  if (runsError.value !== null) return <Problem error={runsError.value} again={() => void loadRuns()} />;
  if (runs.value === null) return <Waiting what="Opening" />;
  if (page === "study") return <StudyContent />;
  if (runs.value.length === 0 && run.value === undefined && route.value.run === null)
    return <Nothing title="No runs here" />;
  if (page === "unknown")
    return (
      <Nothing title="There is no such page">
        <p>
          <a href={href(there({ page: "features", run: null, sae: null }))}>To the features</a>
        </p>
      </Nothing>
    );
  const chosen = run.value;
  if (chosen === undefined && studyOfRun(route.value.run) !== undefined)
    return <Opening run={route.value.run!} />;
  if (chosen === undefined)
    return (
      <Nothing title={`There is no run “${route.value.run}” here`}>
        <p>This explorer shows {[...runs.value.map(({ name }) => name), ...titles()].join(", ")}.</p>
      </Nothing>
    );
  const { component: Page, ofSae } = PAGES[page];
  const dictionary = sae.value ?? null;
  if (ofSae && dictionary === null) return <NoDictionary run={chosen} />;
  return <Page run={chosen} sae={dictionary} />;
}

function titles(): readonly string[] {
  return (studies.value ?? []).map(({ title }) => `the study “${title}”`);
}

function StudyContent() {
  const all = studies.value ?? [];
  if (study.value !== undefined) return <StudyPage key={study.value.id} study={study.value} />;
  return (
    <Nothing
      title={route.value.study === null ? "No study here" : `There is no study “${route.value.study}” here`}
    >
      {all.length > 0 && <p>This explorer shows {titles().join(", ")}.</p>}
    </Nothing>
  );
}

/** A group of a study, which is opened when somebody comes. */
function Opening({ run: id }: { run: string }) {
  const found = opened.value.get(id);
  if (found === undefined || !("problem" in found)) return <Waiting what="Opening" />;
  return (
    <Problem error={found.problem} again={() => void openRun(id)}>
      <a href={href(studyRoute(studyOfRun(id)?.id ?? null))}>To the study</a>
    </Problem>
  );
}

function NoDictionary({ run: { status, saes, name } }: { run: RunSummary }) {
  if (saes.length > 0)
    return (
      <Nothing title={`${name} has no dictionary “${route.value.sae}”`}>
        <p>It has {saes.map((one) => one.name).join(", ")}.</p>
      </Nothing>
    );
  return (
    <Nothing title={status === "running" ? "Still training" : "No dictionary here"}>
      <p>
        {status === "running"
          ? "Its features can be looked at when it is trained and analysed."
          : "This run has not finished a dictionary."}{" "}
        <a href={href(there({ page: "run" }))}>Its curves</a>
      </p>
    </Nothing>
  );
}

/** Which run and which dictionary; a choice only where there is one. */
function Place() {
  if (route.value.page === "study") return <StudyPlace />;
  const listed = runs.value ?? [];
  const now = run.value;
  const all = now === undefined || listed.includes(now) ? listed : [now, ...listed];
  const choices = all.flatMap(({ id, name, saes }) =>
    saes.length === 0
      ? [{ id, sae: null as string | null, words: name }]
      : saes.map((one) => ({
          id,
          sae: one.name as string | null,
          words: saes.length === 1 ? name : `${name} · ${one.name}`,
        })),
  );
  if (choices.length === 0) return <span class="place" />;
  if (choices.length === 1) return <span class="place">{choices[0]!.words}</span>;
  const selected = choices.findIndex(
    (choice) => choice.id === run.value?.id && choice.sae === (sae.value?.name ?? null),
  );
  const choose = (event: Event) => {
    const choice = choices[Number((event.currentTarget as HTMLSelectElement).value)];
    if (choice === undefined) return;
    const { page } = route.value;
    go(
      there({
        page: page === "unit" || page === "unknown" ? "features" : page,
        run: choice.id,
        sae: choice.sae,
      }),
    );
  };
  return (
    <select class="place" aria-label="Run and dictionary" value={String(selected)} onChange={choose}>
      {choices.map(({ id, sae: name, words }, number) => (
        <option key={`${id}/${name}`} value={String(number)}>
          {words}
        </option>
      ))}
    </select>
  );
}

function StudyPlace() {
  const all = studies.value ?? [];
  if (all.length < 2) return <span class="place">{study.value?.title}</span>;
  return (
    <select
      class="place"
      aria-label="Study"
      value={study.value?.id}
      onChange={(event) => go(studyRoute(event.currentTarget.value))}
    >
      {all.map(({ id, title }) => (
        <option key={id} value={id}>
          {title}
        </option>
      ))}
    </select>
  );
}

function skip(event: Event): void {
  event.preventDefault();
  document.getElementById("content")?.focus();
}
