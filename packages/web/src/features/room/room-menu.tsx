import { Fragment } from 'react';
import { MenuAt, MenuSeparator } from '../../ui/menu.js';
import { useRooms } from '../../state/client-provider.js';
import { ActionItem } from '../action/action-item.js';
import { actions } from '../action/actions.js';
import { useActionContext } from '../action/use-action-context.js';
import type { RowMenu } from './use-row-menu.js';

/** What can be done with a room, at its row. */
export function RoomMenu({ menu, onClose }: { menu: RowMenu; onClose: () => void }) {
  const page = useActionContext();
  const room = useRooms().find(({ id }) => id === menu.room);
  const context = { ...page, room };
  if (!room) return null;
  return (
    <MenuAt
      x={menu.x}
      y={menu.y}
      opener={() => document.querySelector<HTMLElement>(`a[data-room="${CSS.escape(room.id)}"]`)}
      onClose={onClose}
    >
      {actions
        .filter(({ menu: where, isOffered }) => where === 'room' && (isOffered?.(context) ?? true))
        .map((action) => (
          <Fragment key={action.id}>
            {action.isDanger && <MenuSeparator />}
            <ActionItem action={action} context={context} />
          </Fragment>
        ))}
    </MenuAt>
  );
}
