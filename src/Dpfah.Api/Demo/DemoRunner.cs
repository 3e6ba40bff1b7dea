using System.Globalization;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using Dpfah.Api.Collections;
using Dpfah.Api.Hosting;
using Dpfah.Api.Images;
using Dpfah.Api.Search;
using Dpfah.Core.Codes;
using Dpfah.Core.Evaluation;
using Dpfah.Engine.Hosting;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Encoders;
using Spectre.Console;

namespace Dpfah.Api.Demo;

/// <summary>
/// <c>--demo</c>: fills the default collection, under DPFAH, with the bundled pictures through the service's own HTTP API, and a second
/// one under ITQ beside it; says how much better DPFAH finds, searches with a picture that is not among them, and says how to go on.
/// What is there already is not sent again.
/// </summary>
internal sealed class DemoRunner(HttpClient client, ServiceState state, string dataFolder, IAnsiConsole console)
{
    private const string Collection = "default";
    private const string ComparedCollection = "itq";
    private const int Parallelism = 16;

    private readonly IReadOnlyList<SamplePicture> sample = FashionSample.ReadDatabase();

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        (string model, int indexed) = await console.Progress().Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(async progress =>
            {
                await WaitUntilStartedAsync(progress, cancellationToken);
                string model = (await GetAsync<CollectionResponse>($"/collections/{Collection}", cancellationToken)).Generation.Model;
                int indexed = await FillAsync(Collection, progress, cancellationToken);
                if (model == FashionModel.Name)
                {
                    using HttpResponseMessage made = await client.PutAsync($"/collections/{ComparedCollection}", null, cancellationToken);
                    made.EnsureSuccessStatusCode();
                    indexed += await FillAsync(ComparedCollection, progress, cancellationToken);
                }

                return (model, indexed);
            });
        console.MarkupLineInterpolated(
            CultureInfo.InvariantCulture, indexed == 0 ? $"All pictures of the demo were there already." : (FormattableString)$"Indexed {indexed:N0} pictures.");
        if (model == FashionModel.Name)
        {
            await CompareAsync(cancellationToken);
        }
        else
        {
            console.MarkupLineInterpolated(
                $"Collection '{Collection}' was made under model [bold]{model}[/] before and stays as it is. To have the demo under {FashionModel.Name}, delete the collection, or name a new folder by Dpfah__DataFolder, and start again.");
        }

        await SearchAsync(cancellationToken);
    }

    private async Task WaitUntilStartedAsync(ProgressContext progress, CancellationToken cancellationToken)
    {
        ProgressTask task = progress.AddTask("Starting");
        task.IsIndeterminate = true;
        Task started = state.WaitUntilStartedAsync(cancellationToken);
        while (!started.IsCompleted)
        {
            StartupStep step = state.Step;
            task.Description = Markup.Escape(step.Detail);
            task.IsIndeterminate = step.Done is null;
            task.Value = 100 * (step.Done ?? 0);
            await Task.WhenAny(started, Task.Delay(100, cancellationToken));
        }

        await started;
        (task.Description, task.IsIndeterminate, task.Value) = ("Model and index are loaded", false, 100);
    }

    private async Task<int> FillAsync(string collection, ProgressContext progress, CancellationToken cancellationToken)
    {
        var there = new HashSet<string>(StringComparer.Ordinal);
        await foreach (ImageResponse image in ListAsync(collection, cancellationToken))
        {
            there.Add(image.Id);
        }

        SamplePicture[] missing = [.. sample.Where(picture => !there.Contains(picture.Id))];
        ProgressTask task = progress.AddTask($"Indexing pictures in '{collection}'", maxValue: sample.Count);
        task.Increment(sample.Count - missing.Length);
        await Parallel.ForEachAsync(
            missing,
            new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken },
            async (picture, token) =>
            {
                await PutAsync(collection, picture, token);
                task.Increment(1);
            });
        return missing.Length;
    }

    private async IAsyncEnumerable<ImageResponse> ListAsync(string collection, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? cursor = null;
        do
        {
            ImageList page = await GetAsync<ImageList>(
                $"/collections/{collection}/images?limit={ApiLimits.MaxLimit}{(cursor is null ? "" : "&cursor=" + cursor)}", cancellationToken);
            foreach (ImageResponse image in page.Items)
            {
                yield return image;
            }

            cursor = page.NextCursor;
        }
        while (cursor is not null);
    }

    /// <summary>Measures the stored codes of both collections by the pictures' labels.</summary>
    private async Task CompareAsync(CancellationToken cancellationToken)
    {
        Task<LeaveOneOut>[] measuring =
        [
            .. new[] { Collection, ComparedCollection }.Select(collection => Task.Run(() => MeasureAsync(collection, cancellationToken), cancellationToken)),
        ];
        LeaveOneOut[] measured = await Task.WhenAll(measuring);
        (LeaveOneOut dpfah, LeaveOneOut itq) = (measured[0], measured[1]);
        console.MarkupLineInterpolated(
            CultureInfo.InvariantCulture,
            $"Each picture searched among the others: of the 10 nearest, [bold]{10 * dpfah.Precision:0.0}[/] have its label under DPFAH ('{Collection}'), {10 * itq.Precision:0.0} under ITQ ('{ComparedCollection}').");
        console.MarkupLineInterpolated(
            CultureInfo.InvariantCulture,
            $"P@10: DPFAH [bold]{dpfah.Precision:0.000}[/], ITQ {itq.Precision:0.000}. mAP: DPFAH [bold]{dpfah.Map:0.000}[/], ITQ {itq.Map:0.000}.");
    }

    private async Task<LeaveOneOut> MeasureAsync(string collection, CancellationToken cancellationToken)
    {
        var codes = new Dictionary<string, BinaryCode>(StringComparer.Ordinal);
        await foreach (ImageResponse image in ListAsync(collection, cancellationToken))
        {
            codes[image.Id] = BinaryCode.FromBytes(Convert.FromHexString(image.Code));
        }

        // In the order of the sample, not in that in which parallel uploads came: the same figures on every run.
        return LeaveOneOut.Run(
            [.. sample.Select(picture => codes[picture.Id])], [.. sample.Select(picture => picture.Label)], n: 10, cancellationToken);
    }

    private async Task PutAsync(string collection, SamplePicture picture, CancellationToken cancellationToken)
    {
        while (true)
        {
            using var form = new MultipartFormDataContent
            {
                { Picture(picture.Bytes), "image", "picture.png" },
                { new StringContent(picture.Label), "labels" },
            };
            using HttpResponseMessage response = await client.PutAsync(
                $"/collections/{collection}/images/{Uri.EscapeDataString(picture.Id)}", form, cancellationToken);
            if (response.StatusCode == System.Net.HttpStatusCode.ServiceUnavailable)
            {
                await Task.Delay(response.Headers.RetryAfter?.Delta ?? TimeSpan.FromSeconds(1), cancellationToken);
                continue;
            }

            response.EnsureSuccessStatusCode();
            return;
        }
    }

    private async Task SearchAsync(CancellationToken cancellationToken)
    {
        SamplePicture query = FashionSample.ReadQueries()[^1];
        string file = Path.Combine(dataFolder, "demo", query.Label + ".png");
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllBytesAsync(file, query.Bytes, cancellationToken);

        using var form = new MultipartFormDataContent { { Picture(query.Bytes), "image", "query.png" } };
        using HttpResponseMessage response = await client.PostAsync("/search?k=5", form, cancellationToken);
        response.EnsureSuccessStatusCode();
        SearchResponse answer = await response.Content.ReadFromJsonAsync<SearchResponse>(cancellationToken)
            ?? throw new InvalidOperationException("The service answered without a body.");
        CollectionResponse collection = await GetAsync<CollectionResponse>($"/collections/{Collection}", cancellationToken);

        var table = new Table().RoundedBorder()
            .Title(Markup.Escape($"The 5 nearest of {collection.Pictures:N0} pictures to {file}, a picture of class '{query.Label}' that is not among them"))
            .AddColumn("rank").AddColumn("id").AddColumn("label").AddColumn("distance (bits)").AddColumn("fine distance (bits)");
        foreach ((int rank, Hit hit) in answer.Hits.Index())
        {
            table.AddRow(
                [.. new[] { $"{rank + 1}", hit.Id, string.Join(", ", hit.Labels), $"{hit.Distance}", $"{hit.FineDistance}" }.Select(text => new Text(text))]);
        }

        console.WriteLine();
        console.Write(table);
        console.MarkupLineInterpolated(
            CultureInfo.InvariantCulture,
            $"Model [bold]{collection.Generation.Model}[/], {collection.Generation.Bits} bits. Decoding {answer.Timings.DecodeMs:0.0} ms, model {answer.Timings.ModelMs:0.0} ms, search {answer.Timings.SearchMs:0.0} ms.");
        console.WriteLine();
        console.MarkupLineInterpolated($"[green]Ready.[/] Documentation to try: [link]{client.BaseAddress}swagger/[/]. A search from another terminal:");
        console.WriteLine();
        string key = client.DefaultRequestHeaders.Authorization is null ? "" : $"-H \"X-Api-Key: ${ApiHost.AdminKeyVariable}\" ";
        string path = file.Contains(' ', StringComparison.Ordinal) ? $"'image=@{file}'" : $"image=@{file}";
        console.WriteLine($"  curl {key}-F {path} '{client.BaseAddress}search?k=5'");
        console.WriteLine();
    }

    private async Task<T> GetAsync<T>(string path, CancellationToken cancellationToken) =>
        await client.GetFromJsonAsync<T>(path, cancellationToken) ?? throw new InvalidOperationException("The service answered without a body.");

    private static ByteArrayContent Picture(byte[] bytes) => new(bytes) { Headers = { ContentType = new MediaTypeHeaderValue("image/png") } };
}
