// The peer reads one request per line and answers each with one line: the same
// operations that Sanad has, done by other people's libraries.
//
//   {"op":"verify","args":{…}}  →  {"value":…} or {"error":"…"}
//
// An error is a refusal, unless it has fault: then the mistake is here.
//
// It has no network: contexts come from the packages, keys from their did:key.
import {createInterface} from 'node:readline';
import {canonicalForm, knownContexts} from './canon.mjs';
import {checkStatus, statusList} from './status.mjs';
import {derive, issue, keyPair, present, time, verify, verifyPresentation} from './proofs.mjs';
import {openHealth, sealHealth} from './health.mjs';
import {
  coseSign, coseVerify, joseDecrypt, joseEncrypt, joseKey, joseSign, joseThumbprint, joseVerify, jwtSign, jwtVerify
} from './jose.mjs';
import {sdJwtIssue, sdJwtKey, sdJwtPresent, sdJwtVerify} from './sdjwt.mjs';

const operations = {
  keyPair, issue, derive, verify, present, verifyPresentation, time,
  statusList, checkStatus, canonicalForm, knownContexts,
  openHealth, sealHealth,
  joseKey, joseThumbprint, joseSign, joseVerify, joseEncrypt, joseDecrypt, jwtSign, jwtVerify, coseSign, coseVerify,
  sdJwtKey, sdJwtIssue, sdJwtPresent, sdJwtVerify
};

for await(const line of createInterface({input: process.stdin})) {
  let answer;
  try {
    const {op, args} = JSON.parse(line);
    if(!Object.hasOwn(operations, op)) {
      throw new ReferenceError('no operation ' + op);
    }
    answer = {value: await operations[op](args)};
  } catch(e) {
    const fault = e instanceof ReferenceError || e instanceof SyntaxError;
    answer = {fault, error: `${e?.name ?? 'Error'}: ${e?.message ?? e}`};
  }
  process.stdout.write(JSON.stringify(answer) + '\n');
}
