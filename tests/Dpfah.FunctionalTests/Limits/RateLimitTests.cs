using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Dpfah.Api.Access;
using Dpfah.Api.Http;
using Dpfah.FunctionalTests.Access;
using Dpfah.FunctionalTests.Hosting;
using static Dpfah.FunctionalTests.Limits.ProxiedService;

namespace Dpfah.FunctionalTests.Limits;

/// <summary>Callers that ask too often are told when to come back, and others do not notice.</summary>
public sealed class RateLimitTests(ProxiedService fixture) : IClassFixture<ProxiedService>
{
    private const string WrongKey = "dpfah_00000000_0000000000000000000000000000000000000000000000000000000000000000";
    private const string TooMany = "too-many-requests";
    private const string TooManyKeys = "too-many-wrong-keys";

    private readonly ApiClient client = fixture.Client;

    [Fact]
    public async Task A_key_that_asks_too_often_is_told_when_to_come_back_and_other_keys_are_answered()
    {
        using ApiClient admin = fixture.Service.ClientWith(fixture.AdminKey);
        using ApiClient busy = fixture.Service.ClientWith((await admin.CreateKeyAsync("reader")).Key), other = fixture.Service.ClientWith((await admin.CreateKeyAsync("reader")).Key);
        var clock = Stopwatch.StartNew();
        int answered = 0;

        // From another address each: it is the key that counts.
        Answer answer;
        while ((answer = await busy.GetAsync("/session", For($"203.0.113.{answered % 250}"))).Status == HttpStatusCode.OK)
        {
            Assert.True(++answered < 10_000, "There is no limit, or this machine asks more slowly than a key may.");
            Assert.True(clock.Elapsed < TimeSpan.FromMinutes(1), "This machine asks more slowly than a key may.");
        }

        double most = Rate * (RateBudget.BurstSeconds + clock.Elapsed.TotalSeconds + 1);
        Assert.InRange(answered, Rate * RateBudget.BurstSeconds, most);
        Problem problem = answer.ReadProblem(HttpStatusCode.TooManyRequests, TooMany);
        Assert.Contains("RequestsPerSecond", problem.Detail, StringComparison.Ordinal);
        int seconds = RetryAfter(answer);
        Assert.InRange(seconds, 1, 2);
        (await other.GetAsync("/session")).AssertStatus(HttpStatusCode.OK);
        (await busy.GetAsync("/health/ready")).AssertStatus(HttpStatusCode.OK);
        await Eventually.BecomesAsync(
            () => busy.GetAsync("/session"), now => now.Status == HttpStatusCode.OK, patience: TimeSpan.FromSeconds(seconds + 1));
    }

    [Theory]
    [InlineData("198.51.100.1", "198.51.100.1", "198.51.100.2")]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:3::1")]
    [InlineData("1.2.3.4, 198.51.100.5", "5.6.7.8, 198.51.100.5", "1.2.3.4, 198.51.100.6")] // Only the last is the proxy's own word,
    [InlineData("198.51.100.7, 10.1.2.3", "198.51.100.7, 10.1.9.9", "198.51.100.8, 10.1.2.3")] // and that of proxies before it.
    public async Task Who_has_no_key_is_counted_by_address(string address, string same, string other)
    {
        int answered = 0;
        Answer answer;
        while ((answer = await client.GetAsync("/collections", For(address))).Status == HttpStatusCode.Unauthorized)
        {
            Assert.True(++answered < 100, "There is no limit.");
        }

        Assert.InRange(answered, AnonymousRate * RateBudget.BurstSeconds, 60);
        answer.ReadProblem(HttpStatusCode.TooManyRequests, TooMany);
        (await client.GetAsync("/openapi/v1.json", For(same))).ReadProblem(HttpStatusCode.TooManyRequests, TooMany);
        (await client.GetAsync("/no/such/path", For(same))).ReadProblem(HttpStatusCode.TooManyRequests, TooMany);
        (await client.GetAsync("/health/live", For(same))).AssertStatus(HttpStatusCode.OK);
        (await client.GetAsync("/", For(same))).AssertStatus(HttpStatusCode.OK);
        (await client.GetAsync("/js/api.js", For(same))).AssertStatus(HttpStatusCode.OK);
        (await client.GetAsync("/collections", For(other))).AssertStatus(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Wrong_keys_are_limited_by_address_and_refuse_no_right_one()
    {
        (string, string) here = For("192.0.2.1");
        using ApiClient admin = fixture.Service.ClientWith(fixture.AdminKey), guessing = fixture.Service.ClientWith(WrongKey);
        string right = (await admin.CreateKeyAsync("reader")).Key;
        using ApiClient late = fixture.Service.ClientWith(right);

        for (int i = 0; i < WrongKeys; i++)
        {
            (await guessing.GetAsync("/session", here)).ReadProblem(HttpStatusCode.Unauthorized, "no-key");
        }

        Answer refused = await guessing.GetAsync("/session", here);
        refused.ReadProblem(HttpStatusCode.TooManyRequests, TooManyKeys);
        Assert.InRange(RetryAfter(refused), 1, 60);
        (await SignInAsync(WrongKey, here)).ReadProblem(HttpStatusCode.TooManyRequests, TooManyKeys);

        // Keys that were never seen at this address before.
        (await late.GetAsync("/session", here)).AssertStatus(HttpStatusCode.OK);
        (await SignInAsync(right, here)).AssertStatus(HttpStatusCode.OK);
        (await admin.GetAsync("/session", here)).AssertStatus(HttpStatusCode.OK);
        (await guessing.GetAsync("/session", For("192.0.2.2"))).ReadProblem(HttpStatusCode.Unauthorized, "no-key");

        // What needs no key is answered.
        (await guessing.GetAsync("/health/ready", here)).AssertStatus(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Wrong_keys_at_the_sign_in_count_as_well()
    {
        (string, string) here = For("192.0.2.9");
        for (int i = 0; i < WrongKeys; i++)
        {
            (await SignInAsync(WrongKey, here)).ReadProblem(HttpStatusCode.Unauthorized, "no-key");
        }

        (await SignInAsync(WrongKey, here)).ReadProblem(HttpStatusCode.TooManyRequests, TooManyKeys);
    }

    [Fact]
    public void Any_number_of_addresses_has_a_bounded_number_of_budgets()
    {
        var slots = new HashSet<int>();
        for (uint n = 0; n < 300_000; n++)
        {
            slots.Add(RateBudget.SlotOf(ClientAddress.Of(new IPAddress(n))));
        }

        Assert.InRange(slots.Count, RateBudget.AddressSlots * 9 / 10, RateBudget.AddressSlots);
    }

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("::1", "::1")]
    [InlineData("::ffff:198.51.100.1", "198.51.100.1")]
    [InlineData("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::")]
    public void Addresses_are_counted_by_what_one_machine_has(string address, string counted) => Assert.Equal(counted, ClientAddress.Of(IPAddress.Parse(address)));

    private static int RetryAfter(Answer answer) => int.Parse(Assert.Single(answer.Headers.GetValues("Retry-After")), CultureInfo.InvariantCulture);

    private Task<Answer> SignInAsync(string key, (string, string) from) => client.SendJsonAsync(
        HttpMethod.Post, "/session", JsonSerializer.Serialize(new SignInRequest(key), JsonSerializerOptions.Web), from, ("Sec-Fetch-Site", "same-origin"));
}
