// Upstream's names of the flags about admission, for whoever offers them.

export const ADMISSION_FLAGS: readonly string[] = [
  'admission-control-config-file',
  'disable-admission-plugins',
  'enable-admission-plugins',
]
