/** Of `group/version`; none of `v1`. */
export const groupOf = (apiVersion = '') =>
  apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
