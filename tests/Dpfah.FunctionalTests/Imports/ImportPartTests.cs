using System.Security.Cryptography;
using System.Text.Json;
using Dpfah.Core.Codes;
using Dpfah.Core.Imaging;
using Dpfah.Engine.Blobs;
using Dpfah.Engine.Generations;
using Dpfah.Engine.Imports;
using Dpfah.Engine.Jobs;
using Dpfah.Engine.Jobs.Parts;
using Dpfah.FunctionalTests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Dpfah.FunctionalTests.Imports;

/// <summary>What nodes tell each other of entries and items, and how a node reads the upload of another one's import.</summary>
public sealed class ImportPartTests(PostgresService fixture) : IClassFixture<PostgresService>
{
    private static readonly ImageCode Code = new(
        BinaryCode.FromBytes([1, 2, 3, 4, 5, 6, 7, 255]), BinaryCode.FromBytes(SHA256.HashData("code"u8)), default);

    [Fact]
    public void Entries_come_back_as_they_were_sent()
    {
        var preview = new Preview([0, 255, 7], 16, 9, "skia 1");
        PreparedEntry good = Entry("good"), refused = Entry("refused"), known = Entry("known"), fetched = Feed("fetched");
        (good.Preview, good.Codes[3], good.Codes[12]) = (preview, Code, Code with { Code = BinaryCode.FromBytes(new byte[16]) });
        refused.Rejection = new EntryRejection("undecodable", "It is cut off: »…«");
        (fetched.Digest, fetched.Preview, fetched.Codes[3]) = (SHA256.HashData("it"u8), preview, Code);
        var rejected = new PreparedEntry(ImportEntry.Rejected("line 7", null, RejectionCodes.BadLine, "It cannot be read."));
        PreparedEntry[] sent = [good, refused, known, fetched, rejected];

        PreparedEntry[] got = [Entry("good"), Entry("refused"), Entry("known"), Feed("fetched"), new(rejected.Entry)];
        Array.ForEach(got[..3], entry => entry.Digest = []);
        Assert.Empty(ImportPartEntry.Adopt(got, Send(sent)));

        Assert.Equal(sent.Select(entry => entry.Digest), got.Select(entry => entry.Digest));
        Assert.Equal(sent.Select(entry => entry.Rejection), got.Select(entry => entry.Rejection));
        foreach ((PreparedEntry before, PreparedEntry after) in sent.Zip(got))
        {
            Assert.Equal(before.Preview?.Jpeg, after.Preview?.Jpeg);
            Assert.Equal(before.Preview is { } p ? (p.Width, p.Height, p.Decoder) : default, after.Preview is { } q ? (q.Width, q.Height, q.Decoder) : default);
            Assert.Equal(
                before.Codes.OrderBy(code => code.Key).Select(code => (code.Key, code.Value.Code, code.Value.Signature)),
                after.Codes.OrderBy(code => code.Key).Select(code => (code.Key, code.Value.Code, code.Value.Signature)));
        }

        // Its bytes may be needed when the item is changed before it is written.
        Assert.Null(got[0].Bytes);
        Assert.NotNull(got[2].Bytes);
    }

    [Theory]
    [InlineData("not-an-image", true)]
    [InlineData("too-many-pixels", true)]
    [InlineData("undecodable", true)]
    [InlineData("not-a-preview", true)]
    [InlineData("not-fetched", false)]
    [InlineData("decoding-too-slow", false)]
    [InlineData("ended-decoder", false)]
    [InlineData("of-a-later-build", false)]
    public void A_refusal_is_taken_over_only_where_it_follows_from_the_bytes(string code, bool isTaken)
    {
        PreparedEntry sent = Entry("a"), got = Entry("a");
        (sent.Rejection, got.Digest) = (new EntryRejection(code, "No."), []);

        PreparedEntry[] left = ImportPartEntry.Adopt([got], Send([sent]));

        Assert.Equal(isTaken ? 0 : 1, left.Length);
        Assert.Equal(isTaken ? code : null, got.Rejection?.Code);
        Assert.Equal(isTaken ? sent.Digest.Length : 0, got.Digest.Length);
        Assert.NotNull(got.Bytes);
    }

    [Fact]
    public void Nothing_is_taken_of_other_entries()
    {
        PreparedEntry sent = Entry("a"), got = Entry("b");
        sent.Preview = new Preview([1], 1, 1, "skia 1");

        Assert.Single(ImportPartEntry.Adopt([got], Send([sent])));
        Assert.Single(ImportPartEntry.Adopt([got], Send([])));
        Assert.Single(ImportPartEntry.Adopt([got], "{"u8.ToArray()));
        Assert.Null(got.Preview);
    }

    [Fact]
    public void Items_come_back_as_they_were_sent()
    {
        PreviewToHash[] previews = [new(7, "a", [1, 2], [3]), new(9, "b", [4], [5])];
        (ImageCode?, string?)[] hashed = [(Code, null), (null, "It is no JPEG.")];
        byte[] output = JsonSerializer.SerializeToUtf8Bytes(previews.Zip(hashed, FillPartItem.Of), JobJson.Options);

        (ImageCode? Code, string? Problem)[] read = FillPartItem.Read(previews, output)!;

        Assert.Equal((Code.Code, Code.Signature), (read[0].Code!.Code, read[0].Code!.Signature));
        Assert.Null(read[0].Problem);
        Assert.Null(read[1].Code);
        Assert.Equal("It is no JPEG.", read[1].Problem);
        Assert.Null(FillPartItem.Read([previews[0], previews[1] with { ContentDigest = [6] }], output));
        Assert.Null(FillPartItem.Read([.. previews, new(11, "c", [7], [8])], output));
        Assert.Null(FillPartItem.Read(previews, "{"u8.ToArray()));
    }

    [Fact]
    public async Task An_upload_is_read_once_whatever_parts_are_taken_back_or_come_too_late()
    {
        PartJob job = await JobAsync(Archives.Gzip(Archives.Tar(Enumerable.Range(0, 40).Select(n => ($"{n}.png", Pictures.Png(n))))));
        IPartHandler handler = fixture.Service.Services.GetServices<IPartHandler>().Single(handler => handler.Kind == ImportJob.KindName);
        await using IPartReader reader = handler.Begin(job);
        await reader.OpenAsync(default);

        await AssertReadsAsync(0, 10);
        using (var ending = new CancellationTokenSource())
        {
            await ending.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reader.ReadAsync(Part(10, 10), ending.Token));
        }

        await AssertReadsAsync(15, 5);
        Assert.Null(await reader.ReadAsync(Part(10, 5), default));
        await AssertReadsAsync(20, 20);
        await Assert.ThrowsAsync<InvalidDataException>(() => reader.ReadAsync(Part(40, 1), default));

        PartOrder Part(long first, int count) => new(job, 1, JsonSerializer.Serialize(new ImportPart(first, count, []), JobJson.Options));

        async Task AssertReadsAsync(int first, int count)
        {
            byte[] output = await (await reader.ReadAsync(Part(first, count), default))!();
            PreparedEntry[] entries = [.. Enumerable.Range(first, count).Select(n => new PreparedEntry(new ImportEntry { Item = $"{n}.png", Id = $"{n}.png", Bytes = Pictures.Png(n) }))];
            Assert.Empty(ImportPartEntry.Adopt(entries, output));
            Assert.All(entries, entry => Assert.NotNull(entry.Preview));
        }
    }

    [Fact]
    public async Task A_node_that_can_fetch_none_of_many_pictures_says_that_it_cannot_help()
    {
        await using PictureServer server = await PictureServer.StartAsync();
        using var database = new SqliteTestDatabase();
        await using RunningService service = await RunningService.StartAsync(
            database, "--Dpfah:ImportHosts:0", "localhost", "--Dpfah:ImportPrivateHosts:0", $"localhost:{server.Port}");
        string lines = string.Join('\n', Enumerable.Range(0, 30).Select(n => JsonSerializer.Serialize(
            new { id = $"{n}", url = server.Url(n < 9 ? "/none" : n < 20 ? $"/{n}.png" : "/none") })));
        PartJob job = await JobAsync(System.Text.Encoding.UTF8.GetBytes(lines), ImportFormat.Ndjson, service);
        IPartHandler handler = service.Services.GetServices<IPartHandler>().Single(handler => handler.Kind == ImportJob.KindName);
        await using IPartReader reader = handler.Begin(job);
        await reader.OpenAsync(default);

        Assert.NotEmpty(await (await ReadAsync(0, 20))!());
        Func<Task<byte[]>> none = (await ReadAsync(20, 10))!;
        CannotHelpException error = await Assert.ThrowsAsync<CannotHelpException>(none);
        Assert.Contains("answered 404", error.Message, StringComparison.Ordinal);

        Task<Func<Task<byte[]>>?> ReadAsync(long first, int count) =>
            reader.ReadAsync(new PartOrder(job, 1, JsonSerializer.Serialize(new ImportPart(first, count, []), JobJson.Options)), default);
    }

    [Theory]
    [InlineData("""{"format":"of-a-later-build"}""", 1)]
    [InlineData("null", 1)]
    [InlineData("{}", null)]
    public void A_job_of_another_builds_making_is_refused(string request, int? collection)
    {
        IPartHandler handler = fixture.Service.Services.GetServices<IPartHandler>().Single(handler => handler.Kind == ImportJob.KindName);

        Exception? error = Record.Exception(() => handler.Begin(new PartJob(1, 1, ImportJob.KindName, request, collection)));

        Assert.True(error is JsonException or CannotHelpException, $"{error}");
    }

    private async Task<PartJob> JobAsync(byte[] upload, ImportFormat format = ImportFormat.TarGzip, RunningService? service = null)
    {
        BlobInfo blob = await (service ?? fixture.Service).Services.GetRequiredService<BlobStore>()
            .SpoolAsync(new MemoryStream(upload), "upload", long.MaxValue, default);
        var request = new ImportRequest(blob.Id, format, blob.Length, blob.Sha256, LabelSource.Auto, ImportMode.Merge, false, 0);
        return new PartJob(1, 1, ImportJob.KindName, JsonSerializer.Serialize(request, JobJson.Options), 1);
    }

    private static byte[] Send(PreparedEntry[] entries) => JsonSerializer.SerializeToUtf8Bytes(entries.Select(ImportPartEntry.Of), JobJson.Options);

    private static PreparedEntry Entry(string name)
    {
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(name);
        return new PreparedEntry(new ImportEntry { Item = name, Id = name, Bytes = bytes }) { Digest = SHA256.HashData(bytes) };
    }

    private static PreparedEntry Feed(string name) => new(new ImportEntry { Item = name, Id = name, Url = new Uri($"https://shop.example/{name}") });
}
