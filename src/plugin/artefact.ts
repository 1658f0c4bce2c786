// Bytes that a row stands for: a mapping, a module, a file. A question gives them in pieces, and says of what is missing why;
// src/extract writes them.

import type { NamedBytes, Piece } from '../kernel/linux/memory/pieces.ts';

export type { Piece };

/** What can be saved of a row. */
export type Artefact = NamedBytes;
