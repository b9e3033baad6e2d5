// The package ships its types under a name that TypeScript doesn't find.
declare module 'unicode-confusables' {
  const confusables: { rectifyConfusion(text: string): string };
  export = confusables;
}
