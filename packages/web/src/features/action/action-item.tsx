import { MenuItem } from '../../ui/menu.js';
import type { Action, ActionContext } from './actions.js';

/** An action in a menu. */
export function ActionItem({ action, context }: { action: Action; context: ActionContext }) {
  const { icon: Icon, label, isDanger = false, run } = action;
  return (
    <MenuItem icon={<Icon size={17} aria-hidden />} isDanger={isDanger} onSelect={() => run(context)}>
      {label(context.t, context.room)}
    </MenuItem>
  );
}
