using System.Net;
using System.Security.Cryptography;
using System.Text;
using Dpfah.Api.Images;
using Dpfah.Api.Jobs;
using Dpfah.Engine;
using Dpfah.Engine.Imports;
using Dpfah.Engine.Imports.Fetching;
using Dpfah.Engine.Jobs;
using Dpfah.FunctionalTests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Dpfah.FunctionalTests.Imports;

public sealed class FeedTests
{
    [Theory]
    [InlineData("8.8.8.8", true)]
    [InlineData("2606:4700:4700::1111", true)]
    [InlineData("::ffff:8.8.8.8", true)]
    [InlineData("127.0.0.1", false)]
    [InlineData("127.9.9.9", false)]
    [InlineData("10.1.2.3", false)]
    [InlineData("172.31.255.255", false)]
    [InlineData("192.168.0.1", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("100.64.0.1", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("::1", false)]
    [InlineData("::", false)]
    [InlineData("::ffff:127.0.0.1", false)]
    [InlineData("::ffff:10.0.0.1", false)]
    [InlineData("::127.0.0.1", false)]
    [InlineData("fe80::1", false)]
    [InlineData("fd00::1", false)]
    [InlineData("ff02::1", false)]
    [InlineData("64:ff9b::7f00:1", false)]
    [InlineData("2002:7f00:1::", false)]
    [InlineData("2001:db8::1", false)]
    public void Only_addresses_of_the_public_internet_are_public(string address, bool isPublic) =>
        Assert.Equal(isPublic, PublicAddress.IsPublic(IPAddress.Parse(address)));

    [Theory]
    [InlineData("https://cdn.shop.example/a.jpg", true)]
    [InlineData("https://CDN.shop.example/a.jpg", true)]
    [InlineData("https://a.b.other.example/a.jpg", true)]
    [InlineData("https://other.example/a.jpg", false)]
    [InlineData("https://evilother.example/a.jpg", false)]
    [InlineData("https://cdn.shop.example.evil.example/a.jpg", false)]
    [InlineData("https://user@cdn.shop.example/a.jpg", false)]
    [InlineData("ftp://cdn.shop.example/a.jpg", false)]
    public void Only_hosts_that_were_allowed_are_asked(string url, bool allowed) =>
        Assert.Equal(allowed, new HostRules(["cdn.shop.example", "*.other.example"], []).Check(new Uri(url)) is null);

    [Fact]
    public async Task A_picture_is_fetched_also_behind_a_redirect_and_after_failures()
    {
        await using PictureServer server = await PictureServer.StartAsync();
        using PictureFetcher fetcher = Fetcher(server);

        Assert.Equal(Pictures.Png(7), (await fetcher.FetchAsync(server.Url("/7.png"), CancellationToken.None)).Bytes);
        Assert.Equal(Pictures.Png(7), (await fetcher.FetchAsync(server.Url("/moved/7"), CancellationToken.None)).Bytes);
        Assert.Equal(Pictures.Png(1), (await fetcher.FetchAsync(server.Url("/flaky"), CancellationToken.None)).Bytes);
        Assert.Equal(3, server.Asked("/flaky"));
    }

    [Theory]
    [InlineData("/none", "answered 404", 1)]
    [InlineData("/broken", "answered 500", 3)]
    [InlineData("/loop", "more than 3 redirects", 4)]
    [InlineData("/large", "more than 10,000 bytes", 1)]
    [InlineData("/endless", "more than 10,000 bytes", 1)]
    [InlineData("/slow", "within 0.3 s", 3)]
    [InlineData("/elsewhere", "no address in the public internet", 1)]
    [InlineData("/file", "Only https and http are fetched, not 'file'", 1)]
    public async Task What_cannot_be_fetched_is_told(string path, string expected, int asked)
    {
        await using PictureServer other = await PictureServer.StartAsync();
        await using PictureServer server = await PictureServer.StartAsync(() => other.Port);
        using PictureFetcher fetcher = Fetcher(server);

        (byte[]? bytes, EntryRejection? rejection) = await fetcher.FetchAsync(server.Url(path), CancellationToken.None);

        Assert.Null(bytes);
        Assert.Equal("not-fetched", rejection!.Code);
        Assert.Contains(expected, rejection.Reason, StringComparison.Ordinal);
        Assert.Equal(asked, server.Asked(path));
        Assert.Equal(0, other.Asked("/1.png"));
    }

    [Fact]
    public async Task An_allowed_name_that_leads_to_this_machine_is_not_asked()
    {
        await using PictureServer server = await PictureServer.StartAsync();
        using var fetcher = new PictureFetcher(new EngineOptions { ImportHosts = ["localhost", "127.0.0.1"] });

        foreach (Uri url in new[] { server.Url("/1.png"), new Uri($"http://127.0.0.1:{server.Port}/1.png") })
        {
            (byte[]? bytes, EntryRejection? rejection) = await fetcher.FetchAsync(url, CancellationToken.None);
            Assert.Null(bytes);
            Assert.Contains("no address in the public internet", rejection!.Reason, StringComparison.Ordinal);
        }

        Assert.Equal(0, server.Asked("/1.png"));
    }

    [Fact]
    public async Task A_feed_is_imported_merged_and_replaced()
    {
        await using PictureServer server = await PictureServer.StartAsync();
        using var database = new SqliteTestDatabase();
        await using RunningService service = await RunningService.StartAsync(
            database, "--Dpfah:ImportHosts:0", "localhost", "--Dpfah:ImportPrivateHosts:0", $"localhost:{server.Port}");
        ApiClient client = service.Client;
        await client.AddAsync("default", "old", Pictures.Png(1000));
        string rows = "id,url,labels,metadata\n" + string.Concat(
            Enumerable.Range(0, 40).Select(n => $"sku-{n},{server.Url(n == 5 ? "/none" : $"/{n}.png")},shoe|c{n % 2},\"{{\"\"n\"\": {n}}}\"\n"));

        JobResponse merged = await client.ImportAsync("default", Encoding.UTF8.GetBytes(rows), contentType: "text/csv");
        merged.AssertSucceeded(39, rejected: 1);
        Assert.Equal(["sku-5: not-fetched"], await client.RejectionsAsync(merged.Id));
        ImageResponse image = (await client.GetAsync(ApiClient.ImagePath("default", "sku-7"))).Read<ImageResponse>();
        Assert.Equal(["shoe", "c1"], image.Labels);

        JobResponse replaced = await client.ImportAsync("default", Encoding.UTF8.GetBytes(rows), "?mode=replace", "text/csv");
        replaced.AssertSucceeded(0, unchanged: 39, rejected: 1);
        Assert.Equal(1, replaced.Result!.Value.GetProperty("deleted").GetInt32());
        Assert.DoesNotContain(await client.ListAsync("default"), item => item.Id == "old");
    }

    [Fact]
    public async Task A_known_picture_waits_without_its_bytes_and_is_fetched_again_when_it_is_wanted()
    {
        await using PictureServer server = await PictureServer.StartAsync();
        using var database = new SqliteTestDatabase();
        await using RunningService service = await RunningService.StartAsync(
            database, "--Dpfah:ImportHosts:0", "localhost", "--Dpfah:ImportPrivateHosts:0", $"localhost:{server.Port}");
        EntryPreparer preparer = service.Services.GetRequiredService<EntryPreparer>();
        byte[] digest = SHA256.HashData(Pictures.Png(7));
        var entry = new PreparedEntry(new ImportEntry { Item = "a", Id = "a", Url = server.Url("/7.png") }) { Known = new KnownItem(digest, [], null) };

        await preparer.PrepareAsync(entry, [], dryRun: false, CancellationToken.None);
        Assert.Equal(digest, entry.Digest);
        Assert.True(entry.Bytes is null && entry.Preview is null && entry.Rejection is null);

        await preparer.CompleteAsync(entry, [], CancellationToken.None);
        Assert.NotNull(entry.Preview);
        Assert.Null(entry.Bytes);
        Assert.Equal(2, server.Asked("/7.png"));
    }

    [Fact]
    public async Task A_feed_whose_host_is_away_is_given_up_and_deletes_nothing()
    {
        await using PictureServer server = await PictureServer.StartAsync();
        using var database = new SqliteTestDatabase();
        await using RunningService service = await RunningService.StartAsync(
            database, "--Dpfah:ImportHosts:0", "localhost", "--Dpfah:ImportPrivateHosts:0", $"localhost:{server.Port}");
        await service.Client.AddAsync("default", "old", Pictures.Png(1000));
        string rows = "id,url\n" + string.Concat(Enumerable.Range(0, 1000).Select(n => $"{n},{server.Url("/none")}\n"));

        JobResponse job = await service.Client.ImportAsync("default", Encoding.UTF8.GetBytes(rows), "?mode=replace", "text/csv");

        Assert.Equal(JobState.Failed, job.State);
        Assert.Contains("could not be fetched", job.Error, StringComparison.Ordinal);
        Assert.Single(await service.Client.ListAsync("default"));
    }

    [Fact]
    public async Task Without_hosts_nothing_is_fetched()
    {
        using var database = new SqliteTestDatabase();
        await using RunningService service = await RunningService.StartAsync(database);

        JobResponse job = await service.Client.ImportAsync("default", "id,url\n1,https://shop.example/1.jpg\n"u8.ToArray(), contentType: "text/csv");

        Assert.Equal(JobState.Failed, job.State);
        Assert.Contains("Dpfah:ImportHosts", job.Error, StringComparison.Ordinal);
    }

    private static PictureFetcher Fetcher(PictureServer server) => new(
        new EngineOptions { ImportHosts = ["localhost"], ImportPrivateHosts = [$"localhost:{server.Port}"] },
        10_000,
        TimeSpan.FromSeconds(0.3),
        [TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(1)]);
}
