// A certified OpenID provider for the tests, with its own login and consent forms.
// Usage: node provider.mjs PORT REDIRECT_URI [CODE_SECONDS]; prints one line when it listens.
import Provider from 'oidc-provider';

const [port, redirectUri, codeSeconds = '60'] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'jiebang',
      client_secret: 'a secret of the tests, not of anybody',
      redirect_uris: [redirectUri],
      response_types: ['code'],
      grant_types: ['authorization_code'],
    },
  ],
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  pkce: { required: () => true },
  ttl: { AuthorizationCode: Number(codeSeconds) },
  cookies: { keys: ['a key of the tests'] },
  features: { devInteractions: { enabled: true } },
});

provider.listen(Number(port), '127.0.0.1', () => console.log(`listening ${issuer}`));
