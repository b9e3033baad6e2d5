import { z } from 'zod';

// Zod compiles its checks with `new Function` where it may. The content security policy forbids that, and even trying
// is reported as a violation. Zod must be told before the first schema is made, so this is the first import.
z.config({ jitless: true });
