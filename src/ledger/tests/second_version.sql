-- A ledger as the second version wrote it: two entries, of which one names the other and a picture.

CREATE TABLE body (digest BLOB PRIMARY KEY, html TEXT NOT NULL) STRICT;
CREATE TABLE departure (feed TEXT PRIMARY KEY, moment INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE entry (
        key INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        path TEXT NOT NULL,
        first_path TEXT NOT NULL,
        first_seen INTEGER NOT NULL,
        changed INTEGER NOT NULL,
        body BLOB NOT NULL,
        -- The rest of the last good version, as JSON.
        version TEXT NOT NULL
    ) STRICT;
INSERT INTO entry VALUES(1,'urn:uuid:3e90feda-0625-5cdf-bc29-a18de21c1554','2026-02-01-two.md','2026-02-01-two.md',1795486250375017002,1795486250375017002,X'02CD01F84EA48A990427332C4D1FC544','{"stamp":{"device":65024,"inode":10027490,"size":13,"modified":1795486248329667608,"changed":1795486248329667608,"born":1795486248329667608},"standing":"Live","entry":{"id":"urn:uuid:3e90feda-0625-5cdf-bc29-a18de21c1554","path":"2026-02-01-two.md","slug":"two","published":"2026-02-01T00:00:00Z","updated":"2026-02-01T00:00:00Z","article":{"title":"Two","authors":[],"categories":[],"summary":"Tides.","language":null,"link":null,"image":null,"enclosures":[],"references":[],"body":"02cd01f84ea48a990427332c4d1fc544"}},"content":"8e3e0d2885362c8784a4ca18eab4a422","expires":null,"former":[],"face":"6fbd3bec7c7ad1717e8ef7cabd7ccef9"}');
INSERT INTO entry VALUES(2,'urn:uuid:2871cb8e-902d-5809-92ff-e9411eeb4659','one.md','one.md',1795486250375017002,1795486250375017002,X'03EB7890F2880D791D2CD5DE97D923A6','{"stamp":{"device":65024,"inode":10027346,"size":109,"modified":1795486248329667608,"changed":1795486248329667608,"born":1795486248329667608},"standing":"Live","entry":{"id":"urn:uuid:2871cb8e-902d-5809-92ff-e9411eeb4659","path":"one.md","slug":"one","published":"2026-01-31T10:00:00Z","updated":"2026-01-31T10:00:00Z","article":{"title":"One","authors":[{"name":"Ana Reis","email":null,"uri":null}],"categories":[{"term":"sea","label":"sea"}],"summary":"Waves.","language":null,"link":null,"image":{"target":{"Reference":1},"alt":""},"enclosures":[],"references":[{"Related":{"text":"Two","wanted":"Title"}},{"Local":{"path":"map.png","suffix":""}}],"body":"03eb7890f2880d791d2cd5de97d923a6"}},"content":"9a196914c511235e90e12ad1950c76f1","expires":null,"former":[],"face":"5702fcedd3c13fa4260b48d7476763a9"}');
CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO fact VALUES('folder','/srv/entries');
INSERT INTO fact VALUES('settings','85a879c54b7e1b21d645da1d885cef55 2026-11-24T02:10:48.357762096Z');
INSERT INTO fact VALUES('site','8ab7ef8f-2fd8-4c9e-927f-d7cf6cfc11a5');
CREATE TABLE media (path TEXT PRIMARY KEY, bytes INTEGER NOT NULL, seconds INTEGER) STRICT, WITHOUT ROWID;
INSERT INTO media VALUES('map.png',5,NULL);
INSERT INTO media VALUES('tide.mp3',7,61);
CREATE INDEX entry_body ON entry (body);
INSERT INTO body VALUES(X'02CD01F84EA48A990427332C4D1FC544',CAST(X'3C703E54696465732E3C2F703E' AS TEXT));
INSERT INTO body VALUES(X'03EB7890F2880D791D2CD5DE97D923A6',CAST(X'3C703E57617665732E3C2F703E0A3C7020636C6173733D2272656C61746564223E526561643A20017230023C2F703E' AS TEXT));
PRAGMA application_id = 1416193129;
PRAGMA user_version = 2;
