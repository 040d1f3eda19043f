// For the specs of the Kafka stand-in: a self-signed certificate for 127.0.0.1, made for nothing but this.
//   openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 \
//     -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1
export const SPEC_TLS = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgI/QfLGcsWaYyk/uX
0qwGfOPZzD1A0W4sgyamDICUv6ehRANCAARtGpOTdvXkosW5ciBvJ3HgznuFVRiW
Zq4C755RH3wi2+GnftzvOegTss0ipYEC+HpB4RMjh7JkuUHpqBpzIuFd
-----END PRIVATE KEY-----`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBkDCCATagAwIBAgIUSBtlDY+d4duIgZS/z+3LQYwrWggwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJMTI3LjAuMC4xMCAXDTI2MTEyMzA5MDcyOVoYDzIxMjYxMDMw
MDkwNzI5WjAUMRIwEAYDVQQDDAkxMjcuMC4wLjEwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARtGpOTdvXkosW5ciBvJ3HgznuFVRiWZq4C755RH3wi2+GnftzvOegT
ss0ipYEC+HpB4RMjh7JkuUHpqBpzIuFdo2QwYjAdBgNVHQ4EFgQUv6bHy0CAVLVT
a2dtJeMAxrp8qDUwHwYDVR0jBBgwFoAUv6bHy0CAVLVTa2dtJeMAxrp8qDUwDwYD
VR0TAQH/BAUwAwEB/zAPBgNVHREECDAGhwR/AAABMAoGCCqGSM49BAMCA0gAMEUC
IHJG0MeVmCVoByau8Ha2x5d6wxVorIuen2a0wbrKtN13AiEAsmZS5xuuaPBLxPnp
Rf5KmylQP2xoJ6xeJBgXcyaaC+A=
-----END CERTIFICATE-----`,
};
