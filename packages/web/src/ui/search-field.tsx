import { TextField, type TextFieldProps } from './field.js';

/** A field for what is searched for; its label is seen as long as it is empty. */
export function SearchField(props: Omit<TextFieldProps, 'type' | 'placeholder' | 'isLabelHidden'>) {
  return <TextField {...props} type="search" placeholder={props.label} isLabelHidden />;
}
