/** The pages on a run, in the order of the navigation. */

import type { ComponentType } from "preact";
import type { PageProps } from "./page.ts";
import type { PageName } from "./shell/route.ts";
import { ComparePage } from "./compare/compare.tsx";
import { FeaturePage } from "./unit/feature.tsx";
import { FeaturesPage } from "./list/features.tsx";
import { MapPage } from "./map/map.tsx";
import { MeaningPage } from "./meaning/meaning.tsx";
import { RatePage } from "./rate/rate.tsx";
import { RunPage } from "./run/run.tsx";
import { SteerPage } from "./steer/steer.tsx";
import { TextPage } from "./text/text.tsx";

export interface Page {
  /** In the navigation and the window's title. */
  readonly title: string;
  readonly component: ComponentType<PageProps>;
  /** Whether it is about one dictionary: without one a sentence is shown in its place. */
  readonly ofSae: boolean;
  readonly inNavigation: boolean;
}

export const PAGES: Readonly<Record<Exclude<PageName, "unknown" | "study">, Page>> = {
  features: { title: "Features", component: FeaturesPage, ofSae: true, inNavigation: true },
  unit: { title: "Feature", component: FeaturePage, ofSae: true, inNavigation: false },
  text: { title: "Text", component: TextPage, ofSae: true, inNavigation: true },
  steer: { title: "Steer", component: SteerPage, ofSae: true, inNavigation: true },
  map: { title: "Map", component: MapPage, ofSae: true, inNavigation: true },
  meaning: { title: "Meaning", component: MeaningPage, ofSae: true, inNavigation: true },
  rate: { title: "Rate", component: RatePage, ofSae: true, inNavigation: true },
  run: { title: "Run", component: RunPage, ofSae: false, inNavigation: true },
  compare: { title: "Compare", component: ComparePage, ofSae: false, inNavigation: true },
};
