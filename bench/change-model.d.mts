export function fineTuned(onnx: Uint8Array, share?: number): Uint8Array;
export function withNewHead(onnx: Uint8Array): Uint8Array;
export function headNames(onnx: Uint8Array): string[];
export function withOtherMetadata(onnx: Uint8Array): Uint8Array;
