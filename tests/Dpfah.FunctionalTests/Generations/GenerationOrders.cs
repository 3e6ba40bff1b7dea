using System.Net;
using System.Text.Json;
using Dpfah.Api.Generations;
using Dpfah.Api.Images;
using Dpfah.Api.Jobs;
using Dpfah.Core.Imaging;
using Dpfah.Core.Models;
using Dpfah.Engine.Jobs;
using Dpfah.Engine.Models;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;
using Dpfah.TestHost;
using Microsoft.Extensions.DependencyInjection;

namespace Dpfah.FunctionalTests.Generations;

/// <summary>Models with codes of their own, and what one does with generations.</summary>
internal static class GenerationOrders
{
    /// <summary>Length of the codes of all models here.</summary>
    public const int Bits = 64;

    /// <summary>Stores another model.</summary>
    /// <param name="service">The service.</param>
    /// <param name="name">Its name, by which its codes differ from all others.</param>
    /// <param name="milliseconds">How long a picture takes it.</param>
    /// <param name="method">How it came about.</param>
    /// <param name="backbone">The number of its backbone: that of the first model unless given.</param>
    /// <param name="attention">Whether its network has an attention.</param>
    /// <param name="mute">Whether its codes cannot be explained.</param>
    /// <returns>Its number.</returns>
    public static async Task<int> AddModelAsync(
        this RunningService service, string name, int milliseconds = 0, string method = "dpfah", float backbone = 1, bool attention = false, bool mute = false)
    {
        using var folder = new TemporaryFolder();
        var description = new ModelDescription
        {
            Name = name,
            Method = method,
            Bits = Bits,
            Backbone = new BackboneDescription("resnet18", 2, attention, ""),
            Preprocessing = new Preprocessing(256, 224, [0, 0, 0], [1, 1, 1]),
            Parameters = new Dictionary<string, string> { [HashEncoding.TimeParameter] = $"{milliseconds}", [HashEncoding.SaltParameter] = name },
        };
        if (mute)
        {
            description = description with { Parameters = new Dictionary<string, string>(description.Parameters) { [HashEncoding.MuteParameter] = "yes" } };
        }

        return (await service.Services.GetRequiredService<ModelStore>().ImportAsync(HashEncoding.Write(folder.Path, description, backbone), CancellationToken.None)).Id;
    }

    /// <summary>The code that a model gives a preview: the first, or one that was added.</summary>
    public static ImageCode CodeOf(byte[] previewJpeg, string model) =>
        HashEncoding.CodeOf(previewJpeg, model == HashEncoding.FirstModel ? "" : model, Bits);

    /// <summary>Asks for a generation.</summary>
    public static Task<Answer> AskAsync(this ApiClient client, string collection, string model, string? activate = null) => client.SendJsonAsync(
        HttpMethod.Post, $"/collections/{collection}/generations", JsonSerializer.Serialize(new { model, activate }, JsonSerializerOptions.Web));

    /// <summary>Asks for a generation and waits until its job has ended.</summary>
    /// <returns>The job, and the generation as it is then.</returns>
    public static async Task<(JobResponse Job, GenerationStatusResponse Generation)> FillAsync(
        this ApiClient client, string collection, string model, string? activate = null)
    {
        JobResponse job = await client.EndOfAsync((await client.AskAsync(collection, model, activate)).Read<JobResponse>(HttpStatusCode.Accepted).Id);
        Assert.True(job.State == JobState.Succeeded, job.Error);
        int id = job.Result!.Value.GetProperty("generation").GetInt32();
        return (job, (await client.GenerationsAsync(collection)).Items.Single(g => g.Generation.Id == id));
    }

    /// <summary>Waits until a job has ended.</summary>
    public static Task<JobResponse> EndOfAsync(this ApiClient client, long job) => Eventually.BecomesAsync(
        async () => (await client.GetAsync($"/jobs/{job}")).Read<JobResponse>(),
        found => found.State is JobState.Succeeded or JobState.Failed or JobState.Cancelled,
        found => $"{found.State} {found.Progress} {found.Error}");

    /// <summary>Lists the generations of a collection.</summary>
    public static async Task<GenerationList> GenerationsAsync(this ApiClient client, string collection) =>
        (await client.GetAsync($"/collections/{collection}/generations")).Read<GenerationList>();

    /// <summary>Asks for a generation to answer.</summary>
    public static Task<Answer> ActivateAsync(this ApiClient client, string collection, int generation, string body = "{}") =>
        client.SendJsonAsync(HttpMethod.Post, $"/collections/{collection}/generations/{generation}/activate", body);

    /// <summary>The code that a model gives a picture of a collection.</summary>
    public static async Task<ImageCode> CodeOfAsync(this ApiClient client, string collection, string id, string model) =>
        CodeOf((await client.GetAsync($"{ApiClient.ImagePath(collection, id)}/preview")).Body, model);

    /// <summary>Asserts that all pictures of a collection have the codes of a model.</summary>
    public static async Task AssertCodesAsync(this ApiClient client, string collection, string model)
    {
        foreach (ImageResponse image in await client.ListAsync(collection))
        {
            ImageCode expected = await client.CodeOfAsync(collection, image.Id, model);
            Assert.Equal((image.Id, expected.Code.ToString(), expected.Signature.ToString()), (image.Id, image.Code, image.Signature));
        }
    }

    /// <summary>Uploads pictures, several at once.</summary>
    /// <param name="client">The client.</param>
    /// <param name="collection">Name of the collection.</param>
    /// <param name="from">Number of the first picture, of which its id is made.</param>
    /// <param name="count">How many.</param>
    /// <param name="labels">The labels of a picture; null for none.</param>
    public static Task UploadAsync(
        this ApiClient client, string collection, int from, int count, Func<byte[], string[]>? labels = null) => Parallel.ForEachAsync(
        Enumerable.Range(from, count),
        new ParallelOptions { MaxDegreeOfParallelism = 8 },
        async (n, _) =>
        {
            byte[] picture = Pictures.Png(n);
            await client.AddAsync(collection, $"p{n}", picture, labels?.Invoke(picture));
        });

    /// <summary>Labels by the codes of a model, so that this model finds better than any other.</summary>
    public static Func<byte[], string[]> LabelsBy(this RunningService service, string model)
    {
        IPreviewMaker previews = service.Services.GetRequiredService<IPreviewMaker>();
        return picture => [$"{CodeOf(previews.Make(picture).Preview!.Jpeg, model).Code.ToBytes()[0] & 7}"];
    }
}
