import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { useWaiting } from '../approvals.js';
import { DEPLOYMENT } from '../deployment.js';
import { HOME, NAVIGATION, PAGES_OF_REGIONS } from '../navigation.js';
import { goTo, hrefOf, place } from '../router.js';
import { endsSoon, identity, region, signOut } from '../session.js';
import { minuteOf } from '../words.js';
import { Choice } from './field.js';
import { Notice } from './notice.js';
import { ShortcutsButton } from './shortcuts.js';
import { Toast } from './toast.js';

/** Logo: a key block of header, optional blocks, key and MAC. */
function Mark() {
  return (
    <svg class="mark" width="38" height="16" viewBox="0 0 38 16" aria-hidden="true">
      <rect width="9" height="16" rx="1.5" />
      <rect x="11" width="5" height="16" rx="1.5" />
      <rect x="18" width="13" height="16" rx="1.5" />
      <rect x="33" width="5" height="16" rx="1.5" />
    </svg>
  );
}

/** Name and label of the deployment, at the left of the top bar. */
export function Brand() {
  return (
    <>
      <a class="brand" href={hrefOf(HOME)}>
        <Mark />
        Keyblock
      </a>
      {DEPLOYMENT.label !== undefined && <span class="stage">{DEPLOYMENT.label}</span>}
    </>
  );
}

/** Top bar, navigation and the main part of every screen behind the sign-in. */
export function Frame({ children }: { children: ComponentChildren }) {
  const menu = useRef<HTMLDetailsElement>(null);
  const waiting = useWaiting();
  const close = () => {
    if (menu.current) menu.current.open = false;
  };
  return (
    <>
      <SkipLink />
      <header class="top">
        <Brand />
        <div class="who">
          <div class="region">
            <RegionChoice />
          </div>
          <Who />
          <details
            class="menu keep"
            ref={menu}
            onKeyDown={({ key }) => {
              if (key === 'Escape') close();
            }}
          >
            <summary>
              Menu <Badge of={waiting} />
            </summary>
            <div class="drop">
              <RegionChoice />
              <nav aria-label="Main, small screens" onClick={close}>
                <Links waiting={waiting} />
              </nav>
              <p class="row">
                <Who />
              </p>
            </div>
          </details>
        </div>
      </header>
      <div class="frame">
        <nav class="side" aria-label="Main">
          <Links waiting={waiting} />
        </nav>
        <main id="main" tabIndex={-1}>
          {endsSoon.value && (
            <Notice tone="warn">
              Your session ends at {minuteOf(identity.value?.expiresAt ?? 0)}. What you have not saved by then is lost.
            </Notice>
          )}
          {children}
        </main>
      </div>
      <Toast />
    </>
  );
}

/** The router would interpret a link to the fragment `#main`, so a button moves the focus. */
export function SkipLink() {
  return (
    <button type="button" class="skip btn" onClick={() => document.getElementById('main')?.focus()}>
      Skip to content
    </button>
  );
}

/** Choosing another Region on the page of a key or a request leads to the list, because it is in the Region that was left. */
function RegionChoice() {
  return (
    <Choice
      label="Region"
      hidden
      value={region.value}
      options={DEPLOYMENT.regions.map((name) => [name, name])}
      onInput={(name) => {
        region.value = name;
        const [screen, ...rest] = place.value.path;
        if (screen !== undefined && PAGES_OF_REGIONS.includes(screen) && rest.length > 1) goTo([screen]);
      }}
    />
  );
}

function Who() {
  const who = identity.value;
  if (who === undefined) return null;
  return (
    <>
      <span class="principal">
        {who.name}
        {who.expiresAt !== undefined && <span class="small"> until {minuteOf(who.expiresAt)}</span>}
      </span>
      <button type="button" class="btn slim" onClick={() => signOut()}>
        Sign out
      </button>
    </>
  );
}

/** True for an API that this deployment serves, and for undefined. */
function isServed(api: string | undefined): boolean {
  return api === undefined || identity.value?.apis.includes(api) === true;
}

/** The number of requests that wait for the user's vote. */
function Badge({ of: waiting }: { of: string | undefined }) {
  if (waiting === undefined) return null;
  return (
    <span class="tag warn">
      {waiting}
      <span class="vh"> waiting for your vote</span>
    </span>
  );
}

function Links({ waiting }: { waiting: string | undefined }) {
  const here = place.value.path;
  const isHere = (path: readonly string[]) => path.every((step, index) => here[index] === step);
  return (
    <>
      {NAVIGATION.map(({ title, links }) => (
        <section key={title}>
          {title !== undefined && <h2>{title}</h2>}
          <ul>
            {links
              .filter(({ api }) => isServed(api))
              .map(({ text, path }) => (
                <li key={text}>
                  <a href={hrefOf(path)} aria-current={isHere(path) ? 'page' : undefined}>
                    {text}
                    {text === 'Approvals' && <Badge of={waiting} />}
                  </a>
                </li>
              ))}
          </ul>
        </section>
      ))}
      <section>
        <h2>Reference</h2>
        <ul>
          <li>
            {/* In this tab, it would end the session. */}
            <a href="/docs" target="_blank">
              API<span class="vh"> in a new tab</span>
            </a>
          </li>
          <li>
            <ShortcutsButton />
          </li>
        </ul>
      </section>
    </>
  );
}
