using System.Buffers.Binary;
using System.Net;
using System.Text;
using Dpfah.Api.Limits;
using Dpfah.Api.Models;
using Dpfah.Core.Models;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Models;

/// <summary>Models that come from elsewhere, go elsewhere, and go: with the files of the model that comes with the program.</summary>
public abstract class ModelImportTests(ServiceFixture fixture)
{
    private const string Name = "dpfah-fashion-mnist-64";

    private readonly ApiClient client = fixture.Client;

    private static string Folder => Repository.PathOf($"src/Dpfah.Learning/Assets/{Name}");

    private static byte[] Head => File.ReadAllBytes(Path.Combine(Folder, "head.safetensors"));

    private static byte[] Backbone => File.ReadAllBytes(Path.Combine(Folder, "backbone.safetensors"));

    [Fact]
    public async Task A_model_comes_in_goes_out_byte_for_byte_and_goes()
    {
        byte[] head = Head, backbone = Backbone;
        Answer first = await ImportAsync(head, backbone);
        ModelResponse model = first.Read<ModelResponse>(HttpStatusCode.Created);
        Assert.Equal($"/models/{Name}", first.Headers.Location?.ToString());
        Assert.Equal((Name, "dpfah", 64, true), (model.Name, model.Method, model.Bits, model.Attention));

        // The backbone is there now: the head alone is the model.
        Assert.Equal(model.Digest, (await ImportAsync(head)).Read<ModelResponse>().Digest);
        Assert.Equal(model.Digest, (await client.GetAsync($"/models/{Name}")).Read<ModelResponse>().Digest);
        Answer file = await client.GetAsync($"/models/{Name}/file");
        Assert.Equal(head, file.Body);
        Assert.Equal($"{Name}.head.safetensors", file.ContentHeaders.ContentDisposition?.FileName);
        Assert.Equal(backbone, (await client.GetAsync($"/models/{Name}/file?part=backbone")).Body);
        (await client.GetAsync($"/models/{Name}/file", ("If-None-Match", file.ETag!))).AssertStatus(HttpStatusCode.NotModified);
        (await client.GetAsync($"/models/{Name}/file?part=tail")).ReadBadParameter();

        // Under another name it is another model with the same backbone; another one under the same name is refused.
        byte[] other = Renamed(head, "dpfah-fashion-mnist-65");
        (await ImportAsync(other)).Read<ModelResponse>(HttpStatusCode.Created);
        (await ImportAsync(Altered(head, value => value ^ 1))).ReadProblem(HttpStatusCode.Conflict, "model-name-taken");

        // What the service could not run.
        await RefusedAsync(Altered(head, _ => 0x7FC0_0000), null, "not finite");
        await RefusedAsync(Altered(head, _ => 0xFF80_0000), null, "not finite");
        await RefusedAsync(Replaced(head, "bits\\u0022:64", "bits\\u0022:32"), null, "expected floating-point [32]");
        await RefusedAsync(Renamed(head, "dpfah fashion mnist 65"), null, "A model's name");
        await RefusedAsync(head, backbone[..^100], "");
        byte[] changed = [.. backbone];
        changed[^2] ^= 1;
        await RefusedAsync(head, changed, "digest");

        // It goes when nothing has codes of it, and the backbone with the last that has it.
        string collection = $"c-{Guid.NewGuid():n}";
        (await client.SendJsonAsync(HttpMethod.Put, $"/collections/{collection}", $$"""{"model":"{{Name}}"}""")).AssertStatus(HttpStatusCode.Created);
        Problem inUse = (await client.DeleteAsync($"/models/{Name}")).ReadProblem(HttpStatusCode.Conflict, "model-in-use");
        Assert.Contains(collection, inUse.Detail, StringComparison.Ordinal);
        (await client.DeleteAsync("/models/dpfah-fashion-mnist-65")).AssertStatus(HttpStatusCode.NoContent);
        (await client.GetAsync("/models/dpfah-fashion-mnist-65")).ReadProblem(HttpStatusCode.NotFound, "model-not-found");
        (await ImportAsync(other)).Read<ModelResponse>(HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_head_without_its_backbone_is_no_model() =>
        await RefusedAsync(Replaced(Head, DigestOf(Head), new string('0', 64)), null, "send its file as the field 'backbone'");

    [Fact]
    public async Task Files_that_are_no_model_are_refused()
    {
        byte[] head = Head;
        await RefusedAsync("no model"u8.ToArray(), "no backbone"u8.ToArray(), "");
        await RefusedAsync(head[..1000], null, "");
        await RefusedAsync(Backbone, null, "has no description");
        (await client.SendAsync(HttpMethod.Post, "/models", ApiClient.Raw(head))).ReadBadBody();
        (await client.SendAsync(HttpMethod.Post, "/models", new MultipartFormDataContent { { ApiClient.Raw(head), "tail", "t" } })).ReadBadParameter();
        (await client.SendAsync(HttpMethod.Post, "/models", new MultipartFormDataContent { { ApiClient.Raw(head), "backbone", "b" } })).ReadBadParameter();
        (await client.SendAsync(HttpMethod.Post, "/models", new MultipartFormDataContent { { ApiClient.Raw(head), "head", "h" }, { ApiClient.Raw(head), "head", "h" } }))
            .ReadBadParameter();
    }

    [Fact]
    public async Task The_model_that_collections_start_with_stays()
    {
        (await client.DeleteAsync("/models/hash-64")).ReadProblem(HttpStatusCode.Conflict, "model-is-default");
        (await client.DeleteAsync("/models/nobody")).ReadProblem(HttpStatusCode.NotFound, "model-not-found");
        (await client.GetAsync("/models/nobody/file")).ReadProblem(HttpStatusCode.NotFound, "model-not-found");
        Assert.True((await client.GetAsync("/models/hash-64")).Read<ModelResponse>().IsDefault);
    }

    private static string DigestOf(byte[] head) => ModelDescription.FromJson(
        SafetensorsFile.Read(new MemoryStream(head)).Metadata[ModelDescription.MetadataKey]).Backbone.Digest;

    private static byte[] Renamed(byte[] head, string name) => Replaced(head, Name, name);

    [Fact]
    public async Task A_file_that_is_too_long_is_refused_by_its_length()
    {
        BodyLimits limits = (await client.GetAsync("/limits")).Read<LimitsResponse>().Bodies;
        Assert.StartsWith(
            "HTTP/1.1 413 ",
            await RawHttp.SendAsync(
                fixture.Service.Address,
                $"POST /models HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: {limits.Model + 1}\r\n\r\n"),
            StringComparison.Ordinal);
        Assert.Contains(
            $"at most {limits.ModelHead:N0}", (await ImportAsync(new byte[limits.ModelHead + 1])).ReadBadParameter().Detail, StringComparison.Ordinal);
    }

    /// <summary>Text of the header replaced by another of the same length.</summary>
    private static byte[] Replaced(byte[] file, string text, string by)
    {
        Assert.Equal(text.Length, by.Length);
        int at = file.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text));
        Assert.True(at > 0, $"'{text}' is not in the file.");
        byte[] other = [.. file];
        Encoding.UTF8.GetBytes(by).CopyTo(other, at);
        return other;
    }

    /// <summary>The first value of the hash layer's bias changed, by its bits.</summary>
    private static byte[] Altered(byte[] head, Func<uint, uint> change)
    {
        SafetensorsEntry bias = SafetensorsFile.Read(new MemoryStream(head)).Tensors.Single(tensor => tensor.Name == "hash_layer.bias");
        Assert.Equal("F32", bias.DType);
        byte[] other = [.. head];
        Span<byte> value = other.AsSpan((int)bias.Offset, sizeof(uint));
        BinaryPrimitives.WriteUInt32LittleEndian(value, change(BinaryPrimitives.ReadUInt32LittleEndian(value)));
        return other;
    }

    private async Task RefusedAsync(byte[] head, byte[]? backbone, string why)
    {
        Problem problem = (await ImportAsync(head, backbone)).ReadProblem(HttpStatusCode.UnprocessableEntity, "bad-model");
        Assert.Contains(why, problem.Detail, StringComparison.Ordinal);
    }

    private Task<Answer> ImportAsync(byte[] head, byte[]? backbone = null)
    {
        var form = new MultipartFormDataContent { { ApiClient.Raw(head), "head", "head.safetensors" } };
        if (backbone is not null)
        {
            form.Add(ApiClient.Raw(backbone), "backbone", "backbone.safetensors");
        }

        return client.SendAsync(HttpMethod.Post, "/models", form);
    }
}

public sealed class ModelImportTests_Postgres(PostgresService fixture) : ModelImportTests(fixture), IClassFixture<PostgresService>;

public sealed class ModelImportTests_Sqlite(SqliteService fixture) : ModelImportTests(fixture), IClassFixture<SqliteService>;
