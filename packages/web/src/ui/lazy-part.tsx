import { type ComponentType, lazy, type ReactNode, Suspense, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useClient, useObservable } from '../state/client-provider.js';
import { Part, PartFailure } from './part.js';

/** How long is waited before a part that did not load is asked for again, in ms; then the person is asked. */
const RETRY_MS = [300, 1500];

export interface LazyPart<P extends object> {
  /** The part. `fallback` is shown while it loads. */
  View: (props: P & { fallback: ReactNode }) => ReactNode;
  /** Begins to load it, before it is to be shown. What fails is loaded again, and told of, when it is needed. */
  preload: () => void;
}

/**
 * A part whose code is loaded when it is needed. One that can't be loaded says so in its place, with "try again"; after the
 * next connect it tries again by itself, for what kept the code away was most likely what kept the connection away.
 */
export function lazyPart<P extends object, N extends string>(
  load: () => Promise<Record<N, ComponentType<P>>>,
  name: N,
): LazyPart<P> {
  let loading: Promise<ComponentType<P>> | undefined;
  const loadOnce = () => {
    if (!loading) {
      loading = loadPart(load).then((module) => module[name]);
      loading.catch(() => {
        loading = undefined;
        current = create();
      });
    }
    return loading;
  };
  // React keeps a failure for good in what `lazy` gives, so there is a new one after each.
  const create = () => lazy(async () => ({ default: await loadOnce() }));
  let current = create();

  return {
    View: ({ fallback, ...props }) => {
      const [Loaded, setLoaded] = useState(() => current);
      const renderFailure = (retry: () => void) => (
        <LoadFailure
          onRetry={() => {
            setLoaded(current);
            retry();
          }}
        />
      );
      return (
        <Part renderFailure={renderFailure}>
          <Suspense fallback={fallback}>
            <Loaded {...(props as unknown as P)} />
          </Suspense>
        </Part>
      );
    },
    preload: () => void loadOnce().catch(() => undefined),
  };
}

function LoadFailure({ onRetry }: { onRetry: () => void }) {
  const { t } = useTranslation();
  const { status } = useObservable(useClient().state);
  const before = useRef(status);
  useEffect(() => {
    const isBack = status === 'online' && before.current !== 'online';
    before.current = status;
    if (isBack) onRetry();
  });
  return <PartFailure text={t('part.notLoaded')} onRetry={onRetry} canReload />;
}

async function loadPart<M>(load: () => Promise<M>): Promise<M> {
  let failed: unknown;
  for (const waitMs of [0, ...RETRY_MS]) {
    // oxlint-disable no-await-in-loop -- one attempt after another
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    try {
      return await (failed === undefined ? load() : loadAgain(load));
    } catch (error) {
      failed = error;
    }
    // oxlint-enable no-await-in-loop
  }
  throw failed;
}

/**
 * A browser may remember under a module's address that it could not be loaded, so it is then asked for under another. The
 * address is in the error's words, but for Safari's; there a reload is left.
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
