using System.Net;
using System.Text.Json;
using Dpfah.Api.Access;
using Dpfah.Api.Collections;
using Dpfah.Api.Images;
using Dpfah.Api.Search;
using Dpfah.FunctionalTests.Access;
using Dpfah.FunctionalTests.Hosting;
using static Dpfah.FunctionalTests.Limits.ProxiedService;

namespace Dpfah.FunctionalTests.Limits;

/// <summary>What a proxy says is believed, and where the service is served by it is where its links lead.</summary>
public sealed class ProxyTests(ProxiedService fixture) : IClassFixture<ProxiedService>
{
    private readonly ApiClient client = fixture.Client;

    [Fact]
    public async Task A_proxy_that_ends_TLS_makes_the_cookie_secure_and_its_host_the_services_own()
    {
        Answer answer = await SignInAsync(
            "https://shop.example", ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "shop.example"), For("203.0.113.1"));

        answer.AssertStatus(HttpStatusCode.OK);
        string cookie = Assert.Single(answer.Headers.GetValues("Set-Cookie"));
        Assert.Equal(["httponly", $"path={PathBase}", "samesite=strict", "secure"], cookie.Split("; ").Skip(1).Order());
        (await SignInAsync("https://evil.example", ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "shop.example"), For("203.0.113.1")))
            .ReadProblem(HttpStatusCode.Forbidden, "cross-site");
    }

    [Theory]
    [InlineData("")]
    [InlineData(PathBase)]
    public async Task Links_lead_under_the_path_whether_the_proxy_passes_it_on_or_not(string prefix)
    {
        using ApiClient admin = fixture.Service.ClientWith(fixture.AdminKey);
        string name = $"c{prefix.Length}";
        Answer made = await admin.SendAsync(HttpMethod.Put, $"{prefix}/collections/{name}");
        Assert.Equal($"{PathBase}/collections/{name}", made.Headers.Location?.OriginalString);
        made.Read<CollectionResponse>(HttpStatusCode.Created);
        await Eventually.BecomesAsync(() => admin.GetAsync($"{prefix}/collections/{name}"), answer => answer.Status == HttpStatusCode.OK);

        // An id with every kind of character that a path could fold.
        string path = $"{prefix}/collections/{name}/images/{ApiClient.Encode("a/../100%")}";
        Answer added = await admin.SendAsync(HttpMethod.Put, path, ApiClient.Raw(Pictures.Png(1)));
        string location = added.Headers.Location!.OriginalString;
        ImageResponse image = added.Read<ImageResponse>(HttpStatusCode.Created);
        Assert.StartsWith($"{PathBase}/collections/{name}/images/", location, StringComparison.Ordinal);
        Assert.Equal($"{location}/preview", image.Preview);
        (await admin.GetAsync(location)).AssertStatus(HttpStatusCode.OK);
        (await admin.GetAsync(image.Preview)).AssertStatus(HttpStatusCode.OK);
        SearchResponse found = (await admin.SendAsync(
            HttpMethod.Post, $"{prefix}/search?collection={name}&minPosition={image.Position}", ApiClient.Raw(Pictures.Png(1)))).Read<SearchResponse>();
        Assert.Equal(image.Preview, Assert.Single(found.Hits).Preview);
    }

    [Fact]
    public async Task The_page_and_the_documentation_are_served_under_the_path()
    {
        Assert.Equal($"{PathBase}/", (await client.GetAsync(PathBase, For("203.0.113.2"))).Headers.Location?.AbsolutePath);
        Answer page = await client.GetAsync($"{PathBase}/", For("203.0.113.2"));
        Assert.Contains("src=\"js/main.js\"", page.Text, StringComparison.Ordinal);
        Assert.DoesNotMatch("(src|href)=\"/", page.Text);
        (await client.GetAsync($"{PathBase}/js/main.js", For("203.0.113.2"))).AssertStatus(HttpStatusCode.OK);
        (await client.GetAsync($"{PathBase}/swagger/index.html", For("203.0.113.2"))).AssertStatus(HttpStatusCode.OK);
        JsonElement document = (await client.GetAsync($"{PathBase}/openapi/v1.json", For("203.0.113.2"))).Read<JsonElement>();
        Assert.Equal(PathBase, Assert.Single(document.GetProperty("servers").EnumerateArray()).GetProperty("url").GetString());
        (await client.GetAsync($"{PathBase}x/health/live", For("203.0.113.2"))).AssertStatus(HttpStatusCode.Unauthorized); // No such path.
    }

    [Fact]
    public async Task A_key_that_sees_one_collection_sees_no_other_under_the_path_either()
    {
        using ApiClient admin = fixture.Service.ClientWith(fixture.AdminKey);
        using ApiClient limited = fixture.Service.ClientWith((await admin.CreateKeyAsync("admin", "mine")).Key);
        foreach (string path in (string[])
        [
            "/pictures/collections/default", "/PICTURES/collections/default", "/%70ictures/collections/default", "/pictures//collections/default",
            "/pictures/pictures/collections/default", "/pictures/collections/mine/../default", "/pictures/../collections/default",
        ])
        {
            Assert.Equal(HttpStatusCode.NotFound, (await limited.GetAsync(path)).Status);
        }
    }

    private Task<Answer> SignInAsync(string origin, params (string, string)[] headers) => client.SendJsonAsync(
        HttpMethod.Post, "/session", JsonSerializer.Serialize(new SignInRequest(fixture.AdminKey), JsonSerializerOptions.Web), [("Origin", origin), .. headers]);
}
