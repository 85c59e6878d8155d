/** Bytes of each half of a raw P-256 signature. */
const HALF = 32;

const SEQUENCE = 0x30;
const INTEGER = 0x02;

/**
 * Writes a raw ECDSA P-256 signature, r‖s as WebCrypto gives it, as the DER that files hold.
 *
 * @see https://www.rfc-editor.org/rfc/rfc3279#section-2.2.3
 */
export function toDerSignature(raw: Uint8Array): Uint8Array<ArrayBuffer> {
  const body = [...derInteger(raw.subarray(0, HALF)), ...derInteger(raw.subarray(HALF))];
  return Uint8Array.of(SEQUENCE, body.length, ...body);
}

/**
 * Reads a DER signature as r‖s.
 *
 * @returns `undefined` for whatever is not the one DER encoding of a P-256 signature: lengths or
 * integers longer than they need to be, negative ones, zeros, bytes left over.
 */
export function fromDerSignature(der: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  if (der[0] !== SEQUENCE || der[1] !== der.length - 2) return undefined;
  const r = readInteger(der, 2);
  if (r === undefined) return undefined;
  const s = readInteger(der, r.end);
  if (s === undefined || s.end !== der.length) return undefined;
  const raw = new Uint8Array(2 * HALF);
  raw.set(r.digits, HALF - r.digits.length);
  raw.set(s.digits, 2 * HALF - s.digits.length);
  return raw;
}

function derInteger(half: Uint8Array): number[] {
  const first = half.findIndex((byte) => byte !== 0);
  const digits = first === -1 ? [0] : [...half.subarray(first)];
  // A first bit that is set would make the number negative.
  if ((digits[0] ?? 0) >= 0x80) digits.unshift(0);
  return [INTEGER, digits.length, ...digits];
}

function readInteger(der: Uint8Array, at: number): { digits: Uint8Array; end: number } | undefined {
  const length = der[at + 1] ?? 0;
  const end = at + 2 + length;
  const content = der.subarray(at + 2, end);
  if (der[at] !== INTEGER || length === 0 || content.length !== length) return undefined;
  const [first = 0, second = 0] = content;
  const isNegative = first >= 0x80;
  const isPadded = first === 0 && second < 0x80;
  if (isNegative || isPadded) return undefined;
  const digits = first === 0 ? content.subarray(1) : content;
  return digits.length > HALF ? undefined : { digits, end };
}
