/** Deployment data that the page has before sign-in. */
export interface Deployment {
  accountId: string;
  /** The default Region. */
  region: string;
  regions: string[];
  /** Shown beside the name, e.g. Staging. */
  label?: string;
  /** True if the workbench is served. */
  workbench: boolean;
}

/** The service writes it into the page. */
export const DEPLOYMENT = JSON.parse(document.body.dataset['deployment'] ?? '{}') as Deployment;
