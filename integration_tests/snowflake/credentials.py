"""
Who may log in: what Snowflake checks of a key pair's token, a password, an access token, an OAuth token, and the tokens
of a workload and of a browser.
"""

import base64
import hashlib
import uuid

import jwt
from control import Control
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from errors import SnowflakeError

# How far a token's time of issue may be from now.
_CLOCK_SECONDS = 60


def verify(login: dict, control: Control) -> None:
    """
    Raises where Snowflake would refuse the login.

    Args:
        login: the `data` of a login request.
    """
    method = str(login.get("AUTHENTICATOR") or "SNOWFLAKE").upper()
    user = str(login.get("LOGIN_NAME") or "").upper()
    if method == "SNOWFLAKE_JWT":
        if control.users:
            _verify_key_pair(login, user, control)
    elif control.passwords:
        _verify_secret(method, login, user, control.passwords)


def id_token(login: dict, control: Control) -> str | None:
    """What spares the next logins the browser, where the account allows it."""
    is_by_browser = str(login.get("AUTHENTICATOR")).upper() == "EXTERNALBROWSER"
    return control.passwords.get(str(login.get("LOGIN_NAME")).upper(), {}).get("idToken") if is_by_browser else None


def _verify_key_pair(login: dict, user: str, control: Control) -> None:
    users = control.users
    refusal = SnowflakeError("390144", f"JWT token is invalid. [{uuid.uuid4()}]")
    if user not in users:
        raise refusal
    key = load_pem_public_key(users[user].encode())
    try:
        # Snowflake's Node driver writes milliseconds for seconds, and Snowflake takes both: not for PyJWT to judge.
        unchecked = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}
        claims = jwt.decode(login.get("TOKEN") or "", key, algorithms=["RS256"], options=unchecked)
    except jwt.InvalidTokenError:
        raise refusal from None
    fingerprint = hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    subject = f"{str(login.get('ACCOUNT_NAME')).upper()}.{user}"
    issuer = f"{subject}.SHA256:{base64.b64encode(fingerprint).decode()}"
    if claims.get("sub") != subject or claims.get("iss") != issuer:
        raise refusal
    issued, expires = _seconds(claims.get("iat")), _seconds(claims.get("exp"))
    now = control.now()
    if issued is None or expires is None or abs(issued - now) > _CLOCK_SECONDS or expires <= now:
        raise refusal


def _seconds(moment: float | None) -> float | None:
    return moment / 1000 if moment is not None and moment > 1e11 else moment


def grant_token(form: dict[str, str], control: Control) -> tuple[int, dict]:
    """Snowflake's own OAuth server: the token of the user whose client this is. HTTP status and answer."""
    client = {"id": form.get("client_id"), "secret": form.get("client_secret")}
    tokens = [secrets.get("oauth") for secrets in control.passwords.values() if secrets.get("client") == client]
    if control.passwords and not tokens:
        return 401, {"error": "invalid_client", "error_description": "The client secret supplied is invalid."}
    token = tokens[0] if tokens else "stand-in"
    return 200, {"access_token": token, "token_type": "Bearer", "expires_in": 600}


def _verify_secret(method: str, login: dict, user: str, passwords: dict[str, dict]) -> None:
    # A token says by itself whose it is, so that a client may leave out the name.
    accounts = [passwords.get(user, {})] if user else list(passwords.values())

    def known(*kinds: str, text: str | None) -> bool:
        return text is not None and any(account.get(kind) == text for account in accounts for kind in kinds)

    if method == "OAUTH":
        if known("expiredOauth", text=login.get("TOKEN")):
            raise SnowflakeError("390318", f"OAuth access token expired. [{uuid.uuid4()}]")
        if not known("oauth", text=login.get("TOKEN")):
            raise SnowflakeError("390303", f"Invalid OAuth access token. [{uuid.uuid4()}]")
    elif method == "WORKLOAD_IDENTITY":
        # Snowflake documents no code and no text of these refusals. These are ours.
        if not known("workload", text=login.get("TOKEN")) or not login.get("PROVIDER"):
            raise SnowflakeError("394507", "The workload identity is not that of a user.")
    elif method == "EXTERNALBROWSER":
        if not known("browser", text=login.get("TOKEN")) or not login.get("PROOF_KEY"):
            raise SnowflakeError("390165", "The SAML response is invalid or matching user is not found.")
    elif method == "ID_TOKEN":
        if not known("idToken", text=login.get("TOKEN")):
            raise SnowflakeError("390195", "The provided ID Token is invalid.")
    elif method == "PROGRAMMATIC_ACCESS_TOKEN":
        if not known("pat", text=login.get("TOKEN")):
            raise SnowflakeError("394400", "Programmatic access token is invalid.")
    elif not known("password", "pat", text=login.get("PASSWORD")):
        # Snowflake takes an access token in the place of a password, too.
        raise SnowflakeError("390100", "Incorrect username or password was specified.")
