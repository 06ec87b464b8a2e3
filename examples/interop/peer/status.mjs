// Bitstring status lists, by @digitalbazaar/vc-bitstring-status-list.
import * as bsl from '@digitalbazaar/vc-bitstring-status-list';
import {issue, verify} from './proofs.mjs';
import {loader} from './loader.mjs';

// statusList issues a list in which the given places are set.
export async function statusList({url, length, set, purpose, validFrom, contexts, ...options}) {
  const list = await bsl.createList({length});
  for(const place of set) {
    list.setStatus(place, true);
  }
  const credential = await bsl.createCredential({id: url, list, statusPurpose: purpose});
  credential['@context'].push(...contexts ?? []);
  return issue({credential: {...credential, issuer: options.did, validFrom}, ...options});
}

// checkStatus verifies a credential and its list and returns whether its bit is set.
export async function checkStatus({credential, lists, now}) {
  for(const listCredential of Object.values(lists)) {
    await verify({credential: listCredential, now});
  }
  await verify({credential, now, lists});
  // The lists have been verified above, at the time that counts; the package
  // would take its own clock.
  const {verified, error, results} = await bsl.checkStatus({
    credential, documentLoader: loader(lists), verifyBitstringStatusListCredential: false
  });
  if(!verified) {
    throw error;
  }
  return results.some(r => r.status);
}
