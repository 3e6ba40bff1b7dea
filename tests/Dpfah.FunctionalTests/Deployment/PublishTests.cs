using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Dpfah.FunctionalTests.Infrastructure;
using Dpfah.Learning.Datasets;
using Npgsql;

namespace Dpfah.FunctionalTests.Deployment;

/// <summary>
/// The published output under the very settings of the compose file and the commands of the Dockerfile, in place of the
/// container that no engine here can run. Only what a container's own network and mounts provide is replaced:
/// the database's host and port, and the path of the data volume.
/// </summary>
public sealed class PublishTests(PublishedOutput published) : IClassFixture<PublishedOutput>
{
    private static readonly TimeSpan StartPeriod = TimeSpan.FromMinutes(5);

    private readonly Dockerfile dockerfile = Dockerfile.Load(Repository.PathOf("Dockerfile"));
    private readonly ComposeFile compose = ComposeFile.Load(Repository.PathOf("docker-compose.yml"));
    private readonly Dictionary<string, string> secrets = new()
    {
        ["DPFAH_ADMIN_KEY"] = RandomNumberGenerator.GetHexString(64, lowercase: true),
        ["POSTGRES_PASSWORD"] = RandomNumberGenerator.GetHexString(48, lowercase: true),
    };

    [Fact]
    public async Task The_published_program_serves_under_the_settings_of_the_compose_file()
    {
        await using PostgresCluster cluster = await PostgresCluster.CreateAsync();
        using Enclosure enclosure = await Enclosure.CreateAsync();
        Dictionary<string, string> settings = await SettingsAsync(cluster, enclosure);
        int port = new Uri(settings["ASPNETCORE_URLS"]).Port;

        await using ServiceProcess service = enclosure.Start(published.Folder, settings, port, dockerfile.CommandLine("ENTRYPOINT"));
        await WaitUntilHealthyAsync(enclosure, service, settings);

        using HttpClient client = enclosure.CreateClient(service);
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/collections")).StatusCode);
        client.DefaultRequestHeaders.Add("X-Api-Key", secrets["DPFAH_ADMIN_KEY"]);
        string code = await AssertPicturesFindThemselvesAsync(client);
        Assert.Equal(code, await EncodeAsync(enclosure, service, settings));
        await AssertDoesWithoutLibtorchAsync(service, client, code);
        await AssertTrainsAsync(client);

        Assert.Equal(0, await service.TerminateAsync());
    }

    /// <summary>The settings of the compose file over those of the image, with what a container would provide replaced.</summary>
    private async Task<Dictionary<string, string>> SettingsAsync(PostgresCluster cluster, Enclosure enclosure)
    {
        var settings = new Dictionary<string, string>(dockerfile.Environment);
        foreach ((string name, string value) in compose["dpfah"].Environment)
        {
            settings[name] = ComposeFile.Interpolate(value, secrets);
        }

        // The database as the compose file's other service sets it up; the service's role is no superuser here.
        Dictionary<string, string> database = compose["postgres"].Environment;
        string user = database["POSTGRES_USER"];
        await cluster.ExecuteAsync($"CREATE ROLE {user} LOGIN PASSWORD '{secrets["POSTGRES_PASSWORD"]}'");
        await cluster.ExecuteAsync($"CREATE DATABASE {database["POSTGRES_DB"]} OWNER {user}");
        bool bySocket = enclosure.HasOwnNetwork && cluster is LocalPostgresCluster;
        var server = new NpgsqlConnectionStringBuilder(bySocket ? ((LocalPostgresCluster)cluster).SocketConnectionString : cluster.AdminConnectionString);
        settings["ConnectionStrings__Dpfah"] = new NpgsqlConnectionStringBuilder(settings["ConnectionStrings__Dpfah"])
        {
            Host = server.Host,
            Port = server.Port,
        }.ConnectionString;

        settings["Dpfah__DataFolder"] = enclosure.DataFolder;
        if (!enclosure.HasOwnNetwork)
        {
            settings["ASPNETCORE_URLS"] = $"http://0.0.0.0:{FreePort.Next()}";
        }

        return settings;
    }

    /// <summary>Asks as the container's health check asks, until it is content.</summary>
    private async Task WaitUntilHealthyAsync(Enclosure enclosure, ServiceProcess service, Dictionary<string, string> settings)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            CommandResult check = await enclosure.RunBesideAsync(service, published.Folder, settings, dockerfile.CommandLine("HEALTHCHECK"));
            if (check.ExitCode == 0)
            {
                TestContext.Current.TestOutputHelper?.WriteLine($"Healthy after {clock.Elapsed.TotalSeconds:0.0} s.");
                return;
            }

            Assert.False(service.HasExited, $"The service ended:\n{service.Log}");
            Assert.True(clock.Elapsed < StartPeriod, $"Not healthy in time: {check.Output}{check.Error}\n{service.Log}");
        }
    }

    /// <returns>The code of the last picture.</returns>
    private static async Task<string> AssertPicturesFindThemselvesAsync(HttpClient client)
    {
        string code = "";
        SamplePicture[] pictures = [.. FashionSample.ReadQueries()];
        foreach (SamplePicture picture in pictures)
        {
            using HttpResponseMessage put = await client.PutAsync(
                $"/collections/default/images/{Uri.EscapeDataString(picture.Id)}", new ByteArrayContent(picture.Bytes));
            Assert.True(put.StatusCode == HttpStatusCode.Created, await put.Content.ReadAsStringAsync());
        }

        foreach (SamplePicture picture in pictures)
        {
            using var image = new ByteArrayContent(picture.Bytes);
            image.Headers.ContentType = new MediaTypeHeaderValue("image/png");
            using HttpResponseMessage found = await client.PostAsync("/search?k=3", new MultipartFormDataContent { { image, "image", "query.png" } });
            Assert.True(found.StatusCode == HttpStatusCode.OK, await found.Content.ReadAsStringAsync());
            JsonElement answer = await found.Content.ReadFromJsonAsync<JsonElement>();
            JsonElement first = answer.GetProperty("hits")[0];
            Assert.Equal(picture.Id, first.GetProperty("id").GetString());
            Assert.Equal(0, first.GetProperty("distance").GetInt32());
            code = answer.GetProperty("query").GetProperty("code").GetString()!;
        }

        return code;
    }

    /// <summary>On the CPU libtorch is for training alone: with the model made, pictures hashed and explained, the service has not loaded it.</summary>
    private static async Task AssertDoesWithoutLibtorchAsync(ServiceProcess service, HttpClient client, string code)
    {
        string id = FashionSample.ReadQueries()[0].Id;
        using HttpResponseMessage map = await client.GetAsync($"/collections/default/images/{Uri.EscapeDataString(id)}/explain?bits=all&code={code}");
        Assert.Equal((HttpStatusCode.OK, "image/png"), (map.StatusCode, map.Content.Headers.ContentType?.MediaType));
        string[] loaded = await File.ReadAllLinesAsync($"/proc/{service.Id}/maps");
        Assert.Contains(loaded, line => line.EndsWith("/libcoreclr.so", StringComparison.Ordinal));
        Assert.DoesNotContain(loaded, line => line.Contains("torch", StringComparison.OrdinalIgnoreCase) && line.Contains(".so", StringComparison.Ordinal));
    }

    /// <summary>A training by the terminal program that is published beside the service, on the ten pictures.</summary>
    private static async Task AssertTrainsAsync(HttpClient client)
    {
        using HttpResponseMessage started = await client.PostAsJsonAsync(
            "/training-jobs", new { name = "published", source = new { collection = "default" }, method = "itq", bits = 8, imageSide = 32 });
        Assert.True(started.StatusCode == HttpStatusCode.Accepted, await started.Content.ReadAsStringAsync());
        JsonElement job;
        do
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100));
            job = await client.GetFromJsonAsync<JsonElement>(started.Headers.Location);
        }
        while (job.GetProperty("state").GetString() is "queued" or "running");

        Assert.True(job.GetProperty("state").GetString() == "succeeded", job.GetRawText());
        Assert.Equal(10, job.GetProperty("result").GetProperty("counts").GetProperty("train").GetInt32());
    }

    /// <summary>The code of the last picture by the terminal program, which is published beside the service.</summary>
    private async Task<string> EncodeAsync(Enclosure enclosure, ServiceProcess service, Dictionary<string, string> settings)
    {
        using var folder = new TemporaryFolder();
        await Command.RunAsync(null, "chmod", "755", folder.Path);
        string file = folder["query.png"];
        await File.WriteAllBytesAsync(file, FashionSample.ReadQueries()[^1].Bytes);
        CommandResult result = await enclosure.RunBesideAsync(
            service, published.Folder, settings, ["dotnet", "dpfah.dll", "encode", "--json", "--device", "cpu", "--data", enclosure.DataFolder, file]);
        Assert.True(result.ExitCode == 0, result.Output + result.Error);
        return JsonDocument.Parse(result.Output).RootElement.GetProperty("code").GetString()!;
    }
}
