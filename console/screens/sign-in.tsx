import { useState } from 'preact/hooks';
import { ApiError, identify } from '../api.js';
import { Brand } from '../components/frame.js';
import { Choice, TextField } from '../components/field.js';
import { Head } from '../components/head.js';
import { DEPLOYMENT } from '../deployment.js';
import { region, signedOutBecause, signIn } from '../session.js';

/** Asks for the credentials that sign requests in this tab. */
export function SignIn() {
  return (
    <>
      <header class="top">
        <Brand />
      </header>
      <main class="sign-in" id="main">
        <Head title="Sign in" />
        {isSecureContext ? (
          <SignInForm />
        ) : (
          <p class="notice">Signing needs HTTPS. Open this page over HTTPS or through a tunnel to 127.0.0.1.</p>
        )}
      </main>
    </>
  );
}

function SignInForm() {
  const [accessKeyId, setAccessKeyId] = useState('');
  const [secretAccessKey, setSecretAccessKey] = useState('');
  const [sessionToken, setSessionToken] = useState('');
  const [problem, setProblem] = useState(signedOutBecause.value);
  const [isWaiting, setIsWaiting] = useState(false);

  const submit = async (event: Event) => {
    event.preventDefault();
    setProblem(undefined);
    const credentials = { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
    // They become headers, which can't have others.
    if (!/^[ -~]*$/.test(accessKeyId + sessionToken)) {
      setProblem('Access key IDs and session tokens have only ASCII characters.');
      return;
    }
    setIsWaiting(true);
    try {
      signIn(credentials, await identify(credentials));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setProblem(`${error.message} (${error.name})`);
      setIsWaiting(false);
    }
  };

  return (
    <form class="sheet" onSubmit={(event) => void submit(event)}>
      <div class="body">
        {problem !== undefined && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
        <TextField
          label="Access key ID"
          value={accessKeyId}
          onInput={(text) => setAccessKeyId(text.trim())}
          mono
          required
          autoFocus
        />
        <TextField
          label="Secret access key"
          type="password"
          value={secretAccessKey}
          onInput={(text) => setSecretAccessKey(text.trim())}
          mono
          required
        />
        <TextField
          label="Session token"
          type="password"
          value={sessionToken}
          onInput={(text) => setSessionToken(text.trim())}
          mono
          hint="For temporary credentials only."
        />
        <Choice
          label="Region"
          value={region.value}
          options={DEPLOYMENT.regions.map((name) => [name, name])}
          onInput={(name) => (region.value = name)}
        />
        <button type="submit" class="btn go" disabled={isWaiting}>
          {isWaiting ? 'Signing in' : 'Sign in'}
        </button>
        <p class="hint">
          The secret signs requests in this tab and is never sent. It is forgotten when you sign out, close or reload
          the page, or after 15 minutes without input.
        </p>
      </div>
    </form>
  );
}
