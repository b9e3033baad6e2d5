import { createContext } from 'react';

/**
 * Where menus and tooltips are rendered: the page's body, or the modal dialog that they belong to, which is above the
 * body.
 */
export const PortalContainer = createContext<HTMLElement | null>(null);
