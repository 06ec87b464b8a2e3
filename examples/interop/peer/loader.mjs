// What JSON-LD contexts and keys are found under: the packages' own contexts,
// and the documents of did:key identifiers.
import {contexts as credentials} from '@digitalbazaar/credentials-context';
import dataIntegrity from '@digitalbazaar/data-integrity-context';
import {Ed25519Signature2020} from '@digitalbazaar/ed25519-signature-2020';
import multikey from '@digitalbazaar/multikey-context';
import * as statusList from '@digitalbazaar/vc-bitstring-status-list-context';

export const contexts = new Map([
  ...credentials,
  ...dataIntegrity.contexts,
  ...multikey.contexts,
  ...statusList.contexts,
  [Ed25519Signature2020.CONTEXT_URL, Ed25519Signature2020.CONTEXT]
]);

const answer = (documentUrl, document) => ({contextUrl: null, documentUrl, document});

// didKey is the document of a did:key, or one verification method of it.
function didKey(url) {
  const [did, fragment] = url.split('#');
  const id = did.slice('did:key:'.length);
  const method = {
    '@context': 'https://w3id.org/security/multikey/v1',
    id: `${did}#${id}`, type: 'Multikey', controller: did, publicKeyMultibase: id
  };
  if(fragment !== undefined) {
    if(fragment !== id) {
      throw new Error('no such verification method');
    }
    return method;
  }
  return {
    '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'],
    id: did, verificationMethod: [method], assertionMethod: [method.id], authentication: [method.id]
  };
}

// loader finds contexts, keys, and the further documents given by URL.
export const loader = (documents = {}) => async url => {
  if(contexts.has(url)) {
    return answer(url, contexts.get(url));
  }
  if(Object.hasOwn(documents, url)) {
    return answer(url, documents[url]);
  }
  if(url.startsWith('did:key:')) {
    return answer(url, didKey(url));
  }
  throw new Error('not found, and nothing is fetched: ' + url);
};
