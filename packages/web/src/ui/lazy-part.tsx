import { type ComponentType, type ReactNode, useEffect, useRef, useState } from 'react';
import { useTexts } from '../i18n/use-texts.js';
import { useClient, useObservable } from '../state/client-provider.js';
import { checkVersion, useNewVersion } from '../state/version.js';
import { DialogPart, FailedDialog, Part, PartFailure } from './part.js';

/** Delays before retries of a part that did not load, in ms; after that the user is asked. */
const RETRY_MS = [300, 1500];

/** A part that takes longer than this to load, in ms, counts as not loaded. */
const TIME_OUT_MS = 20_000;

export interface LazyPart<P extends object> {
  /** The part. `fallback` is shown while it loads. */
  View: (props: P & { fallback: ReactNode }) => ReactNode;
  /** Loads it ahead of time; never rejects. If it fails, it is loaded again, and the failure shown, when it is needed. */
  preload: () => Promise<void>;
}

/**
 * A part whose code is loaded when needed. If that fails it says so in its place, with "try again". It also retries
 * after the next connect, since what kept the code away was most likely what kept the connection away. `renderFailed`
 * places that notice.
 */
export function lazyPart<P extends object, N extends string>(
  load: () => Promise<Record<N, ComponentType<P>>>,
  name: N,
  renderFailed: (props: P, failure: ReactNode) => ReactNode = (_props, failure) => failure,
): LazyPart<P> {
  let loading: Promise<ComponentType<P>> | undefined;
  let ready: ComponentType<P> | undefined;
  const loadOnce = () => {
    if (!loading) {
      loading = loadPart(load).then((module) => (ready = module[name]));
      loading.catch(() => (loading = undefined));
    }
    return loading;
  };

  // Not React's `lazy`: that remembers a failure for good, and shows what it has waited for bit by bit, between the frames of
  // the fallback.
  function Loaded({ fallback, ...props }: P & { fallback: ReactNode }) {
    const [Component, setComponent] = useState(() => ready);
    const [failure, setFailure] = useState<{ error: unknown }>();
    useEffect(() => {
      let isThere = true;
      loadOnce().then(
        (component) => isThere && setComponent(() => component),
        (error: unknown) => isThere && setFailure({ error }),
      );
      return () => void (isThere = false);
    }, []);
    if (failure) throw failure.error;
    return Component ? <Component {...(props as unknown as P)} /> : fallback;
  }

  return {
    View: (props) => {
      const renderFailure = (retry: () => void) => renderFailed(props, <LoadFailure onRetry={retry} />);
      return (
        <Part renderFailure={renderFailure}>
          <Loaded {...props} />
        </Part>
      );
    },
    preload: async () => void (await loadOnce().catch(() => undefined)),
  };
}

const dialogs: (() => Promise<void>)[] = [];

/**
 * A dialog whose code is loaded when it is opened, or earlier by {@link preloadDialogs}. A failure is shown in a dialog.
 * `Fallback` is shown while it loads; nothing if absent.
 */
export function lazyDialog<P extends { onClose: () => void }, N extends string>(
  load: () => Promise<Record<N, ComponentType<P>>>,
  name: N,
  Fallback?: ComponentType<P>,
): (props: P) => ReactNode {
  // What fails once it is loaded is another failure.
  const loadGuarded = async () => {
    const [module, { addLaterTexts }] = await Promise.all([load(), import('../i18n/later.js')]);
    addLaterTexts();
    const Loaded: ComponentType<P> = module[name];
    const Guarded = (props: P) => (
      <DialogPart onClose={props.onClose}>
        <Loaded {...props} />
      </DialogPart>
    );
    return { Guarded };
  };
  const { View, preload } = lazyPart(loadGuarded, 'Guarded', ({ onClose }, failure) => (
    <FailedDialog onClose={onClose}>{failure}</FailedDialog>
  ));
  dialogs.push(preload);
  return (props) => <View {...props} fallback={Fallback ? <Fallback {...props} /> : null} />;
}

/** Loads all dialogs, so that they open at once: when the page has nothing better to do. */
export async function preloadDialogs(): Promise<void> {
  await Promise.all(dialogs.map((preload) => preload()));
}

function LoadFailure({ onRetry }: { onRetry: () => void }) {
  const { t } = useTexts();
  const { status } = useObservable(useClient().state);
  const isOutdated = useNewVersion();
  const before = useRef(status);
  useEffect(() => {
    const isBack = status === 'online' && before.current !== 'online';
    before.current = status;
    if (isBack) onRetry();
  });
  // A server with a new version no longer has the old one's files.
  useEffect(() => void checkVersion(), []);
  if (isOutdated) return <PartFailure text={t('part.outdated')} canReload />;
  return <PartFailure text={t('part.notLoaded')} onRetry={onRetry} canReload />;
}

async function loadPart<M>(load: () => Promise<M>): Promise<M> {
  let failed: unknown;
  for (const waitMs of [0, ...RETRY_MS]) {
    // oxlint-disable no-await-in-loop -- one attempt after another
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    try {
      return await inTime(failed === undefined ? load() : loadAgain(load));
    } catch (error) {
      failed = error;
      if (error instanceof TimeOut) break;
    }
    // oxlint-enable no-await-in-loop
  }
  throw failed;
}

class TimeOut extends Error {}

function inTime<T>(loading: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new TimeOut('The part is not loaded in time')), TIME_OUT_MS);
    loading.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/**
 * A browser may remember for a module's address that it could not be loaded, so the retry uses another address. It is
 * taken from the error's message, except in Safari, which has none; there only a reload helps.
 */
async function loadAgain<M>(load: () => Promise<M>): Promise<M> {
  try {
    return await load();
  } catch (error) {
    const [address] = /https?:\S+\.js\b/.exec(String(error)) ?? [];
    if (address === undefined) throw error;
    return (await import(/* @vite-ignore */ `${address}?again=${Date.now()}`)) as M;
  }
}
