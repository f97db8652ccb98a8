import { type ComponentChildren, type ComponentType, Fragment, render } from 'preact';
import { useEffect, useErrorBoundary } from 'preact/hooks';
import { ApiError } from './api.js';
import { Frame } from './components/frame.js';
import { Head } from './components/head.js';
import { Notice } from './components/notice.js';
import { Await } from './components/states.js';
import { Shortcuts } from './components/shortcuts.js';
import { useLoad } from './load.js';
import { HOME, PAGES_OF_REGIONS } from './navigation.js';
import { DEPLOYMENT } from './deployment.js';
import { hrefOf, place } from './router.js';
import { Key } from './screens/key.js';
import { Keys } from './screens/keys.js';
import { SignIn } from './screens/sign-in.js';
import { identity, region } from './session.js';

function App() {
  return identity.value === undefined ? (
    <SignIn />
  ) : (
    <Frame>
      <Screen />
      <Shortcuts />
    </Frame>
  );
}

/**
 * The screen of the current place. Navigating to another screen moves the focus, so that a screen reader starts at its
 * beginning.
 */
function Screen() {
  const { path } = place.value;
  const where = path.join('/');
  const [fault, reset] = useErrorBoundary() as [unknown, () => void];
  useEffect(reset, [where]);
  useEffect(() => {
    if (document.activeElement === document.body || document.activeElement?.closest('nav'))
      document.getElementById('main')?.focus();
    scrollTo(0, 0);
  }, [where]);
  if (fault !== undefined) return <Failed fault={fault} retry={reset} />;
  // Screens replace each other: the script of one must not be passed to the next.
  return <Fragment key={path[0]}>{screenAt(path)}</Fragment>;
}

/** Screens that share a script. */
const LISTS: readonly string[] = ['kms-keys', 'aliases', 'grants', 'regions', 'connections'];

function screenAt([screen, ...rest]: readonly string[]) {
  if (screen === 'keys' && rest.length === 0) return <Keys />;
  const [name, id, section] = rest;
  if (screen === 'keys' && name === 'create' && rest.length === 1)
    return <Part load={() => import('./exchange/create.js')}>{({ Create }) => <Create />}</Part>;
  if (screen === 'keys' && name === 'import' && rest.length === 1) return <Exchange screen="import" />;
  if (screen === 'exchange' && rest.length === 0) return <Exchange screen="partner" />;
  const isExport = screen === 'keys' && rest.length === 3 && section === 'export';
  const isRegional = screen !== undefined && PAGES_OF_REGIONS.includes(screen) && rest.length === 2;
  if ((isRegional || isExport) && name !== undefined && id !== undefined) {
    if (!DEPLOYMENT.regions.includes(name)) return <NotFound>This deployment doesn’t serve {name}.</NotFound>;
    // The address names the Region, which becomes the page's.
    region.value = name;
    if (isExport) return <Exchange screen="export" key={id} />;
    if (screen === 'keys') return <Key id={id} key={id} />;
  }
  if (screen === 'workbench' && DEPLOYMENT.workbench && rest.length === 1) return <Workbench calculator={name ?? ''} />;
  if (screen === 'approvals')
    return (
      <Part load={() => import('./screens/approvals.js')}>
        {({ approvalsAt }) => approvalsAt(rest) ?? <NoScreen />}
      </Part>
    );
  if (screen === 'audit' && rest.length === 0)
    return <Part load={() => import('./screens/audit.js')}>{({ Audit }) => <Audit />}</Part>;
  if (screen !== undefined && LISTS.includes(screen))
    return (
      <Part load={() => import('./screens/lists.js')}>{({ listAt }) => listAt(screen, rest) ?? <NoScreen />}</Part>
    );
  if (screen === 'overview' && rest.length === 0)
    return <Part load={() => import('./screens/overview.js')}>{({ Overview }) => <Overview />}</Part>;
  if (screen === 'health' && rest.length === 0)
    return <Part load={() => import('./screens/health.js')}>{({ Health }) => <Health />}</Part>;
  if (screen === 'access')
    return <Part load={() => import('./screens/access.js')}>{({ accessAt }) => accessAt(rest) ?? <NoScreen />}</Part>;
  return <NoScreen />;
}

/** Takes the place of a screen that could not be drawn, so that the rest of the console stays usable. */
function Failed({ fault, retry }: { fault: unknown; retry: () => void }) {
  const retryButton = (
    <button type="button" class="btn" onClick={retry}>
      Show it again
    </button>
  );
  return (
    <>
      <Head title="Error" />
      <Notice tone="warn" aside={retryButton}>
        This screen could not be shown: {String(fault)}
      </Notice>
    </>
  );
}

function NoScreen() {
  return <NotFound>There is no screen at this address.</NotFound>;
}

/** A screen that exchanges keys, whose scripts are loaded with it. */
function Exchange({ screen }: { screen: 'import' | 'export' | 'partner' }) {
  return (
    <Part key={screen} load={async () => (await import('./exchange/screens.js')).SCREENS[screen]()}>
      {(Screen) => <Screen />}
    </Part>
  );
}

/** A calculator, whose scripts are loaded with it. */
function Workbench({ calculator }: { calculator: string }) {
  return (
    <Part key={calculator} load={() => loadCalculator(calculator)}>
      {(Calculator) => <Calculator />}
    </Part>
  );
}

async function loadCalculator(name: string): Promise<ComponentType> {
  const { CALCULATORS } = await import('./workbench/workbench.js');
  return Object.hasOwn(CALCULATORS, name) ? CALCULATORS[name as keyof typeof CALCULATORS]() : NoScreen;
}

interface PartProps<Module> {
  load: () => Promise<Module>;
  children: (module: Module) => ComponentChildren;
}

/** A part of the console whose script is loaded when it is first shown. */
function Part<Module>(props: PartProps<Module>) {
  // Without a key, the next part would be drawn with the script of this one.
  return <Loaded key={props.load.toString()} {...props} />;
}

function Loaded<Module>({ load, children }: PartProps<Module>) {
  const loaded = useLoad(
    () =>
      load().catch(() => {
        throw new ApiError(
          'NetworkError',
          'This part of the console could not be loaded. If the service was updated, reload the page.',
          '',
        );
      }),
    [],
  );
  return <Await loaded={loaded}>{children}</Await>;
}

function NotFound({ children }: { children: ComponentChildren }) {
  return (
    <>
      <Head title="Not found" />
      <p>
        {children} <a href={hrefOf(HOME)}>Show the overview</a>
      </p>
    </>
  );
}

render(<App />, document.body);
