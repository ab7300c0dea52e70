//! The sidecar's API as the suite asks it: gRPC-Web over `fetch`, with messages
//! read straight from the `.proto` files. What the panel paints is compared
//! with what comes back here.

import { join } from 'node:path';
import protobuf from 'protobufjs';

import { PROTO } from './paths.mjs';

const SERVICES = ['customer', 'interaction', 'budget', 'consult', 'governance', 'advocacy', 'experience', 'ledger'];

const root = new protobuf.Root();
root.resolvePath = (origin, target) => (protobuf.common.get(target) ? target : join(PROTO, target));
root.loadSync(SERVICES.map((name) => `makegood/v1/${name}_service.proto`));

/** A call that the sidecar refused. */
export class Refused extends Error {
  constructor(method, status, message) {
    super(`${method} answered ${status}: ${message}`);
    /** The gRPC status code as text. */
    this.status = status;
  }
}

/**
 * Calls one method and returns its reply as a plain object: 64-bit numbers as
 * numbers, enum values by name, absent messages as `undefined`.
 */
export async function call(origin, token, method, request) {
  const [service, name] = method.split('/');
  const rpc = root.lookupService(`makegood.v1.${service}`).methods[name].resolve();
  const body = rpc.resolvedRequestType.encode(rpc.resolvedRequestType.fromObject(request)).finish();
  const reply = await fetch(`${origin}/makegood.v1.${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/grpc-web+proto', 'x-grpc-web': '1', authorization: `Bearer ${token}` },
    body: framed(body),
  });
  const { message, trailers } = unframed(new Uint8Array(await reply.arrayBuffer()));
  const status = reply.headers.get('grpc-status') ?? trailers['grpc-status'] ?? `HTTP ${reply.status}`;
  if (status !== '0') {
    throw new Refused(method, status, decodeURIComponent(reply.headers.get('grpc-message') ?? trailers['grpc-message'] ?? ''));
  }
  return rpc.resolvedResponseType.toObject(rpc.resolvedResponseType.decode(message), {
    longs: Number, enums: String, arrays: true, bytes: String,
  });
}

function framed(body) {
  const bytes = new Uint8Array(5 + body.length);
  new DataView(bytes.buffer).setUint32(1, body.length);
  bytes.set(body, 5);
  return bytes;
}

function unframed(bytes) {
  const view = new DataView(bytes.buffer);
  let message = new Uint8Array();
  let trailers = {};
  for (let at = 0; at + 5 <= bytes.length;) {
    const end = at + 5 + view.getUint32(at + 1);
    const part = bytes.subarray(at + 5, end);
    if (bytes[at] & 0x80) {
      const lines = new TextDecoder().decode(part).trim().split('\r\n');
      trailers = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
    } else {
      message = part;
    }
    at = end;
  }
  return { message, trailers };
}
