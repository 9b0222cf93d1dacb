"""The signature under what topics send, and the certificate that it is checked with.

The key is the same wherever this runs, and no secret: who receives a notification can check its signature as at AWS,
and equal worlds send equal bytes. It proves nothing of who sent it.
"""

from base64 import b64encode
from functools import cache, lru_cache
from typing import Any

CERTIFICATE_PATH = "/SimpleNotificationService-0f1e2d3c4b5a69788796a5b4c3d2e1f0.pem"
"""Where the certificate is served. No bucket can have such a name."""


@lru_cache(maxsize=64)
def sign(text: str, version: str) -> str:
    """Base64 of the RSA signature over the text: with SHA-1 for version 1, with SHA-256 for 2."""
    signing = _signing()
    return b64encode(_key().sign(text.encode(), signing["padding"], signing[version])).decode()


@cache
def _signing() -> dict[str, Any]:
    # Loaded by the first notification that is signed: it takes a tenth of a second.
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA1, SHA256

    return {"padding": PKCS1v15(), "1": SHA1(), "2": SHA256()}  # noqa: S303 as AWS signs in version 1


@cache
def _key() -> Any:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    return load_pem_private_key(_PRIVATE_KEY.encode(), password=None)


CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIC3zCCAcegAwIBAgIBATANBgkqhkiG9w0BAQsFADAyMRowGAYDVQQDDBFzbnMu
YW1hem9uYXdzLmNvbTEUMBIGA1UECgwLVHJpZ2dlcmZpc2gwIBcNMjAwMTAxMDAw
MDAwWhgPMjEyMDAxMDEwMDAwMDBaMDIxGjAYBgNVBAMMEXNucy5hbWF6b25hd3Mu
Y29tMRQwEgYDVQQKDAtUcmlnZ2VyZmlzaDCCASIwDQYJKoZIhvcNAQEBBQADggEP
ADCCAQoCggEBANBszHlXuGCVltaC6sIVxIydBi2MUHQ1n+dfVpNwnRIhZyNRh35Q
gkqIP+OJZJbcOlSLQxhL3qquJUEvJmIzqj6dvWyLNu+Ug6qFX1gR74mbxX+MCM/F
qrexLn1hq1dXtzUzmll1ZZkc9mAK90C2lljYhUPu2kMkLkM1699+znFx7v4Dc8SG
DFnXnch5q8tRkGwV34XitZEfOvgVkkVFq6LDPHFcoSHIlehhFL4uNZzp+qWaHzXn
5vpDmuf9w/zVEjE91gXPUWBjOG0o+/SsGu5NrmTVtgW4Fup4lHQGPfg5ys8QYRjf
1zinpN6n5qUacyBHCYm1EcJEhJ60hctL0nECAwEAATANBgkqhkiG9w0BAQsFAAOC
AQEAU1Lydhk7Vt5I94qTqOia2durmYYm4eZwfbrFGJwn2WmUNlpkMUYqhZaruh4Q
Wuyz17GR38LTXj2NbJ3qgav9UWcnW12CKLJJZsDCZzgoEUPACe6PD8ja4bzK4Epq
H0/Hz5Oc4J7HQBC9XzFPErMp5ayg1VOld0dmXi0VA94Xk7yRiESd5tJ0o2XYEBXH
//Jzf95hcf2iW7dJX2SueQqSUcnpGMhn6NHclPn3OJgZtcXidV2jMVA7RthCsKzC
SFp05zQqshOLI7CaFNu6whEuziSA+KjGyloPUUhkCnUoffk/AFXG1J5b425SNhs5
f2xcFb90nT5FcRHm4suicXMFew==
-----END CERTIFICATE-----
"""

_PRIVATE_KEY = """\
-----BEGIN RSA PRIVATE KEY-----
MIIEpQIBAAKCAQEA0GzMeVe4YJWW1oLqwhXEjJ0GLYxQdDWf519Wk3CdEiFnI1GH
flCCSog/44lkltw6VItDGEveqq4lQS8mYjOqPp29bIs275SDqoVfWBHviZvFf4wI
z8Wqt7EufWGrV1e3NTOaWXVlmRz2YAr3QLaWWNiFQ+7aQyQuQzXr337OcXHu/gNz
xIYMWdedyHmry1GQbBXfheK1kR86+BWSRUWrosM8cVyhIciV6GEUvi41nOn6pZof
Nefm+kOa5/3D/NUSMT3WBc9RYGM4bSj79Kwa7k2uZNW2BbgW6niUdAY9+DnKzxBh
GN/XOKek3qfmpRpzIEcJibURwkSEnrSFy0vScQIDAQABAoIBAGMe8ulcUefBDHCs
5zdxQb27qaX8voBdxlOzUAmje1eVgibWTbFBWY1Xmca83xUt3CG77yc9YcJbOoVz
BnaaaoMH4n+d/3zV7P4qGqtYMEqJxdXAQ6qIL4XXoivnyKQrp4oKJgQYZD56eyM2
49qnWv4aztn9XFik+slk+e2asVRahnu4DcLlk+QpIFgWhoiDLa1ZK2fLSEYbBq3I
MnVCYVpQspGWdjtTCY4QWOo8JBev9eLDdz5aOEeRkQ4oWeQPCIXvOSqk+GSFF3hb
lyAXsWap+iBLKSnkeJjGeab3JzuQ6znNqkYW1Sibm00ZFMItDsLJwVk0ePSFs6Ky
pg7EyocCgYEA730eoszqeSADisi67ZTpy2I4A6ni8MkLb7ddYXJaqXte+Ba+5dtA
dEwgd4/+PmUVKJIVpaBrYt5huA7xtkqWNOHRTWm8yooHyYQbunCiKfVvaNKXmt2Y
/g3cXETb0cI6sAtOLje7IXvlju+WBrpfYWvbiHWv47Y461DfP2MsjkMCgYEA3stq
kGAN4v26jvEVsSxIy1ivuHE4O6vjvMpDRFcIRuabFxcSFow380aw9f+YQ7SQW+RN
ZeSjSrFhgmN7NXnTjl92mDViPotvqNZ40HLk7jSO3y5tdEdjzf8BIzLiTg+QPOpU
uNalO0N6EJKgMs6rkglgx7ZMqYklilwtDGgOwzsCgYEAlxmFK8hII7XsJjMxpVZw
D+9fUghs8+iUu56gXywsQYRiTfrj5NhpmTaywVzrV2iladyJpd9KAa43T062eIIk
tSbIzKPrBosCEMW2TPJljj2ZVjSQjJhFv/z0zI5xdq2qI4pugECPY7ftBTrqmEIc
jbXkY/uExxIgZW+3+yFSaksCgYEAuE1B3Cj5k9sdJv4cWbIujbjRtBxEzmgFPrl7
J99vQ2ekyFcXaXuZFTBXV0iW5vtJqBqWREH9Kt7NsRUmaThcX5xs+MDAgsjKF7tD
ufwxkTP9NHatqNEdqNzYTgvb1YNeaGXYrAc0LHBHW8pPp3f7yhTj8JHHnT+MxIY3
5dl2zN0CgYEAqRC5sVYX6gKC+9A++3IRccsjHfiupBMsrU33qAt8GiEtOeezNf6T
rtucyZwwMFdgQldXbNsuaO/8stM0cy7UaGCuzPXfOglUNOskBBLowUsQet03O6iL
CnIJGzMs2ahcZlvANs47eVrG4hYL8998rpdQmovIqQ2p6yThw7M3MUA=
-----END RSA PRIVATE KEY-----
"""
