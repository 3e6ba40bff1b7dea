using System.Globalization;
using System.Net;
using System.Text;
using CsCheck;
using Dpfah.Api.Images;
using Dpfah.FunctionalTests.Hosting;

namespace Dpfah.FunctionalTests.Images;

/// <summary>An id may hold any printable character, and each id reaches its own picture and no other.</summary>
public abstract class ImageIdTests(ServiceFixture fixture)
{
    private const int RandomIds = 100;

    private static readonly string[] Pieces =
    [
        "/", "\\", "%", "%2F", "%2f", "%25", "%252F", "%00", "%zz", ".", "..", "/../", "?", "#", "+", " ", "&", "=", ";", ":", "@", "\"", "'", "<",
        "{", "}", "|", "^", "`", "~", "[", "]", "$", "*", "a", "B", "9", "-", "_",
        "é", "e\u0301", "ß", "日本", "\u00A0", "👍", "👩‍👩‍👧", "𝔘",
    ];

    private static readonly Gen<string> AnyId = Gen.OneOf(
        Gen.Int[0, Pieces.Length - 1].Select(n => Pieces[n]).Array[1, 8].Select(pieces => string.Concat(pieces)),
        Gen.Int[0x20, 0x2FFFF].Where(IsPrintable).Select(rune => new Rune(rune).ToString()).Array[1, 20].Select(runes => string.Concat(runes)));

    private readonly ApiClient client = fixture.Client;

    [Fact]
    public async Task Every_id_reaches_its_own_picture()
    {
        string collection = await client.CreateCollectionAsync();
        string[] ids =
        [
            .. Pieces.Concat(Pieces.Select(piece => $"a{piece}b")).Concat(AnyId.Array[RandomIds].Single()).Distinct(StringComparer.Ordinal),
        ];

        await ForEachAsync(ids, async (n, id) =>
        {
            Answer put = await client.PutAsync(collection, id, Pictures.Png(n));
            ImageResponse image = put.Read<ImageResponse>(HttpStatusCode.Created);
            Assert.Equal(id, image.Id);
            Assert.Equal(image.Signature, (await client.GetAsync(put.Headers.Location!.OriginalString)).Read<ImageResponse>().Signature);
            (await client.GetAsync(image.Preview)).AssertStatus(HttpStatusCode.OK);
        });

        Assert.Equal(ids.Order(StringComparer.Ordinal), (await client.ListAsync(collection)).Select(image => image.Id).Order(StringComparer.Ordinal));
        await ForEachAsync(ids, async (n, id) =>
        {
            string path = ApiClient.ImagePath(collection, id);
            ImageResponse patched = (await client.SendJsonAsync(HttpMethod.Patch, path, $$"""{ "metadata": { "n": {{n}} } }"""))
                .Read<ImageResponse>();
            ImageResponse read = (await client.GetAsync(path)).Read<ImageResponse>();
            Assert.Equal((id, $"{{\"n\":{n}}}"), (read.Id, read.Metadata?.GetRawText()));
            Assert.Equal(patched.Signature, read.Signature);
            (await client.GetAsync(path + "/similar?k=1")).AssertStatus(HttpStatusCode.OK);
        });

        await ForEachAsync([.. ids.Where((_, n) => n % 2 == 0)], async (_, id) =>
            (await client.DeleteAsync(ApiClient.ImagePath(collection, id))).AssertStatus(HttpStatusCode.NoContent));
        Assert.Equal(
            ids.Where((_, n) => n % 2 == 1).Order(StringComparer.Ordinal),
            (await client.ListAsync(collection)).Select(image => image.Id).Order(StringComparer.Ordinal));
        Counts.Report($"ids-{fixture.Database.Provider}", ids.Length, Pieces.Length + RandomIds);
    }

    [Fact]
    public async Task Ids_are_compared_as_bytes()
    {
        string collection = await client.CreateCollectionAsync();
        string[] ids = ["a", "A", "á", "a\u0301", "ａ", " a", "a "];
        for (int n = 0; n < ids.Length; n++)
        {
            (await client.PutAsync(collection, ids[n], Pictures.Png(n))).AssertStatus(HttpStatusCode.Created);
        }

        Assert.Equal(ids, (await client.ListAsync(collection)).Select(image => image.Id));
    }

    [Fact]
    public async Task An_id_has_up_to_256_characters_of_any_width()
    {
        string collection = await client.CreateCollectionAsync();
        foreach (string character in new[] { "a", "大", "👍" })
        {
            string longest = string.Concat(Enumerable.Repeat(character, 256));
            Assert.Equal(longest, (await client.AddAsync(collection, longest, Pictures.Png(1))).Id);

            Problem problem = (await client.PutAsync(collection, longest + character, Pictures.Png(1))).ReadBadParameter();
            Assert.Equal("id", problem.Parameter);
            Assert.Contains("257", problem.Detail, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("a\u0000b")]
    [InlineData("a\nb")]
    [InlineData("\u007F")]
    [InlineData("\u2028")]
    [InlineData("\uE000")]
    [InlineData("\uFFFF")]
    public async Task A_character_that_is_not_printable_is_refused(string id)
    {
        using MultipartFormDataContent form = ApiClient.Form(Pictures.Png(1));
        form.Add(new StringContent(id), "id");

        Answer inPath = await client.PutAsync("default", id, Pictures.Png(1));
        Answer inForm = await client.SendAsync(HttpMethod.Post, "/collections/default/images", form);

        Assert.Equal("id", inForm.ReadBadParameter().Parameter);
        if (id.Contains('\0', StringComparison.Ordinal))
        {
            // The server itself refuses this one, before it is a request.
            Assert.Equal(HttpStatusCode.BadRequest, inPath.Status);
        }
        else
        {
            Assert.Equal("id", inPath.ReadBadParameter().Parameter);
        }
    }

    [Fact]
    public async Task A_target_in_absolute_form_names_the_same_picture()
    {
        string collection = await client.CreateCollectionAsync();
        await client.PutAsync(collection, "a/100%", Pictures.Png(1));

        string target = fixture.Service.Address.GetLeftPart(UriPartial.Authority) + ApiClient.ImagePath(collection, "a/100%");
        string response = await RawHttp.SendAsync(
            fixture.Service.Address, $"GET {target} HTTP/1.1\r\nHost: {fixture.Service.Address.Authority}\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 200", response, StringComparison.Ordinal);
        Assert.Contains("\"a/100%\"", response, StringComparison.Ordinal);
    }

    private static bool IsPrintable(int value) =>
        Rune.IsValid(value) && Rune.GetUnicodeCategory(new Rune(value)) is not (
            UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
            or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);

    private static Task ForEachAsync(string[] ids, Func<int, string, Task> action) =>
        Parallel.ForEachAsync(
            ids.Index(), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (indexed, _) => await action(indexed.Index, indexed.Item));
}

public sealed class ImageIdTests_Postgres(PostgresService fixture) : ImageIdTests(fixture), IClassFixture<PostgresService>;

public sealed class ImageIdTests_Sqlite(SqliteService fixture) : ImageIdTests(fixture), IClassFixture<SqliteService>;
