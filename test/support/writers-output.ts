import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';

/** A file being written at any offset. What is never written is a hole. */
export interface Output {
  writeAt(offset: number, bytes: Uint8Array): void;
  /** Ends the file at `sizeBytes` where it is shorter, and closes it. */
  close(sizeBytes: number): void;
}

/** Writes straight into a file. */
export class FileOutput implements Output {
  readonly #fd: number;

  constructor(path: string) {
    this.#fd = openSync(path, 'w');
  }

  writeAt(offset: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      done += writeSync(this.#fd, bytes, done, bytes.length - done, offset + done);
    }
  }

  close(sizeBytes: number): void {
    ftruncateSync(this.#fd, sizeBytes);
    closeSync(this.#fd);
  }
}

/** Writes makedumpfile's flattened form: every write a record, then a record of −1 (makedumpfile(8), -F). */
export class FlattenedOutput implements Output {
  readonly #file: FileOutput;
  #end = 4096;

  constructor(path: string) {
    this.#file = new FileOutput(path);
    const header = Buffer.alloc(4096);
    header.write('makedumpfile', 'latin1');
    header.writeBigInt64BE(1n, 16);
    header.writeBigInt64BE(1n, 24);
    this.#file.writeAt(0, header);
  }

  writeAt(offset: number, bytes: Uint8Array): void {
    this.#record(offset, bytes.length);
    this.#file.writeAt(this.#end, bytes);
    this.#end += bytes.length;
  }

  close(): void {
    this.#record(-1, -1);
    this.#file.close(this.#end);
  }

  #record(offset: number, size: number): void {
    const record = Buffer.alloc(16);
    record.writeBigInt64BE(BigInt(offset), 0);
    record.writeBigInt64BE(BigInt(size), 8);
    this.#file.writeAt(this.#end, record);
    this.#end += record.length;
  }
}

const BUFFER_BYTES = 16384;

/** Appends small pieces from an offset on, written in larger ones: the size QEMU uses for its flattened records. */
export class Appender {
  readonly #output: Output;
  readonly #buffer = Buffer.alloc(BUFFER_BYTES);
  #pending = 0;
  #written: number;

  constructor(output: Output, offset: number) {
    this.#output = output;
    this.#written = offset;
  }

  /** Where the next piece will stand. */
  get offset(): number {
    return this.#written + this.#pending;
  }

  append(bytes: Uint8Array): void {
    if (this.#pending + bytes.length > BUFFER_BYTES) this.flush();
    if (bytes.length > BUFFER_BYTES) {
      this.#output.writeAt(this.#written, bytes);
      this.#written += bytes.length;
    } else {
      this.#buffer.set(bytes, this.#pending);
      this.#pending += bytes.length;
    }
  }

  flush(): void {
    if (this.#pending > 0) this.#output.writeAt(this.#written, this.#buffer.subarray(0, this.#pending));
    this.#written += this.#pending;
    this.#pending = 0;
  }
}
