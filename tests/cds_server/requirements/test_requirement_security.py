"""The statements on transport and on browser clients; those on JWTs are held in tests/security."""

import pytest

from cds_server.config import Settings, SettingsError, check_for_serving
from tests.cds_server.hook_calls import SERVICE, service


@pytest.mark.requirement(2, 168)
def test_the_service_does_not_listen_beyond_this_machine_without_tls_in_front():
    with pytest.raises(SettingsError) as refused:
        check_for_serving(Settings(secret_key="k", host="0.0.0.0"))  # noqa: S104 - that it is refused is the test
    assert "TITRATE_TRUSTED_PROXY" in str(refused.value)


@pytest.mark.requirement(208)
def test_browser_clients_of_listed_origins_are_served_over_cors(tmp_path):
    asked = {
        "Origin": "https://ehr.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    with service(tmp_path, cors_origins=("https://ehr.example",)) as running:
        for url in ("/cds-services", SERVICE, f"{SERVICE}/feedback"):
            answer = running.client.options(url, headers=asked)
            assert answer.status_code in (200, 204)
            assert answer.headers["Access-Control-Allow-Origin"] == "https://ehr.example"
            assert "authorization" in answer.headers["Access-Control-Allow-Headers"].lower()
        other = running.client.options(SERVICE, headers=asked | {"Origin": "https://evil.example"})
        assert "Access-Control-Allow-Origin" not in other.headers
