using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Dpfah.Api.Access;
using Dpfah.FunctionalTests.Access;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;
using Dpfah.FunctionalTests.Jobs;
using Dpfah.TestHost;

namespace Dpfah.FunctionalTests.Limits;

/// <summary>A service without a proxy: what a caller says of himself changes nothing, and TLS is the service's own.</summary>
public sealed class DirectTests : IAsyncLifetime
{
    private const int AnonymousRate = 4;

    private static readonly TimeSpan TimeToRefuse = TimeSpan.FromSeconds(5);

    private readonly string adminKey = RandomNumberGenerator.GetHexString(64, lowercase: true);
    private readonly SqliteTestDatabase database = new();
    private readonly TemporaryFolder folder = new();
    private string? thumbprint;
    private RunningService? started;

    private RunningService Service => started ?? throw new InvalidOperationException("The test is not initialized.");

    public async ValueTask InitializeAsync()
    {
        string password = Convert.ToHexString(RandomNumberGenerator.GetBytes(16));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 certificate = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        thumbprint = certificate.Thumbprint;
        await File.WriteAllBytesAsync(folder["service.pfx"], certificate.Export(X509ContentType.Pfx, password));
        started = await RunningService.StartAsync(
            database,
            "--urls", "http://127.0.0.1:0;https://127.0.0.1:0",
            "--Kestrel:Certificates:Default:Path", folder["service.pfx"],
            "--Kestrel:Certificates:Default:Password", password,
            "--DPFAH_ADMIN_KEY", adminKey,
            "--Dpfah:AnonymousRequestsPerSecond", $"{AnonymousRate}");
    }

    public async ValueTask DisposeAsync()
    {
        await Service.DisposeAsync();
        folder.Dispose();
        database.Dispose();
    }

    [Fact]
    public async Task What_a_caller_says_of_itself_is_not_believed()
    {
        // Before the address has used its requests up.
        string json = JsonSerializer.Serialize(new SignInRequest(adminKey), JsonSerializerOptions.Web);
        (await Service.Client.SendJsonAsync(
            HttpMethod.Post, "/session", json, ("Origin", "https://evil.example"), ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "https")))
            .ReadProblem(HttpStatusCode.Forbidden, "cross-site");
        Answer signedIn = await Service.Client.SendJsonAsync(
            HttpMethod.Post, "/session", json, ("Origin", Service.Address.GetLeftPart(UriPartial.Authority)), ("X-Forwarded-Proto", "https"));
        signedIn.AssertStatus(HttpStatusCode.OK);
        Assert.DoesNotContain("secure", Assert.Single(signedIn.Headers.GetValues("Set-Cookie")), StringComparison.OrdinalIgnoreCase);

        using var stranger = new ApiClient(Service.Address); // Without the cookie.
        int answered = 0;
        Answer answer;
        while ((answer = await stranger.GetAsync(
            "/collections", ("X-Forwarded-For", $"198.51.100.{answered}"), ("Forwarded", $"for=198.51.100.{answered}"), ("X-Real-IP", $"198.51.100.{answered}"))).Status
            == HttpStatusCode.Unauthorized)
        {
            Assert.True(++answered < 200, "Another address each time is another caller each time.");
        }

        answer.ReadProblem(HttpStatusCode.TooManyRequests, "too-many-requests");
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Over_https_the_cookie_is_secure(string version)
    {
        using var http = new HttpClient(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, presented, _, _) => presented?.GetCertHashString() == thumbprint } });
        Uri address = Service.Addresses.Single(one => one.Scheme == Uri.UriSchemeHttps);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address, "/session"))
        {
            Version = Version.Parse(version),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new StringContent(JsonSerializer.Serialize(new SignInRequest(adminKey), JsonSerializerOptions.Web), null, "application/json"),
        };
        request.Headers.Add("Origin", address.GetLeftPart(UriPartial.Authority));

        using HttpResponseMessage response = await http.SendAsync(request);

        Assert.Equal((HttpStatusCode.OK, version), (response.StatusCode, response.Version.ToString()));
        Assert.Contains("; secure", Assert.Single(response.Headers.GetValues("Set-Cookie")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Events_end_with_the_key_that_opened_them(bool revoked)
    {
        using ApiClient admin = Service.ClientWith(adminKey);
        long job = (await Service.CountAsync(new CountingJob.Order(100_000, PauseMs: 50))).Id;
        CreatedKeyResponse key = await admin.CreateKeyAsync(
            new CreateKeyRequest(revoked ? "revoked" : "expiring", "reader", null, revoked ? null : DateTimeOffset.UtcNow.AddSeconds(15)));
        using var http = new HttpClient { BaseAddress = Service.Address };
        http.DefaultRequestHeaders.Authorization = new("Bearer", key.Key);
        using HttpResponseMessage response = await http.GetAsync($"/jobs/{job}/events", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        Assert.NotNull(await reader.ReadLineAsync());
        DateTimeOffset end = key.Description.ExpiresAt ?? DateTimeOffset.UtcNow;
        if (revoked)
        {
            (await admin.DeleteAsync($"/api-keys/{key.Description.Id}")).AssertStatus(HttpStatusCode.OK);
        }

        string rest = await reader.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(45));

        Assert.True(DateTimeOffset.UtcNow < end + TimeToRefuse, $"The events ended {(DateTimeOffset.UtcNow - end).TotalSeconds:0.0} s after their key.");
        Assert.DoesNotContain("succeeded", rest, StringComparison.Ordinal);
        await admin.CancelJobAsync(job);
    }
}
