import { type Client, createClient, memoryOutboxStore } from '@madang/client';
import type { User } from '@madang/protocol';
import { createContext, type ReactNode, use, useSyncExternalStore } from 'react';
import { type Ownership, PageOwner } from './page-owner.js';
import { openTabs } from './tabs.js';
import { UnsentTexts } from './unsent-texts.js';

/** What belongs to this page, beside the client. */
export interface Page {
  owner: PageOwner;
  unsent: UnsentTexts;
}

const PageContext = createContext<Page | undefined>(undefined);

/** Begins to keep the page with its user, and their unsent texts. To be called before the client connects. */
export function openPage(client: Client): Page {
  const tabs = openTabs();
  const unsent = new UnsentTexts(tabs);
  window.addEventListener('pageshow', ({ persisted }) => persisted && unsent.load());
  window.addEventListener('beforeunload', (event) => {
    const losesMessages = client.outboxError.get() !== undefined && client.unsent.get().length > 0;
    // The browser asks whether to leave.
    if (unsent.isAtRisk || losesMessages) event.preventDefault();
  });
  return { unsent, owner: new PageOwner(client, unsent, tabs, askSession) };
}

/** Whose session the browser has: that of a connection which begins now. */
async function askSession(): Promise<User | undefined> {
  const asking = createClient({ transport: 'auto', credentials: 'cookie', outbox: memoryOutboxStore() });
  try {
    return await new Promise((resolve) => {
      asking.state.subscribe(() => asking.state.get().status !== 'connecting' && resolve(asking.user.get()));
      asking.connect();
    });
  } finally {
    void asking.close();
  }
}

/** Provides the page to everything below. */
export function PageProvider({ page, children }: { page: Page; children: ReactNode }) {
  return <PageContext value={page}>{children}</PageContext>;
}

/** The page. */
export function usePage(): Page {
  const page = use(PageContext);
  if (!page) throw new Error('There is no PageProvider above');
  return page;
}

/** Whose page this is. */
export function useOwnership(): Ownership {
  const { owner } = usePage();
  return useSyncExternalStore(owner.subscribe, owner.get);
}
