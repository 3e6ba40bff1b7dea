using System.Net;
using System.Text.Json;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.OpenApi;

/// <summary>The public contract. Its golden file makes each change of it a visible one.</summary>
public sealed class OpenApiTests(SqliteService fixture) : IClassFixture<SqliteService>
{
    private const string GoldenFile = "tests/Dpfah.FunctionalTests/OpenApi/openapi.v1.json";

    /// <summary>Environment variable: set to 1, the test writes the golden file anew.</summary>
    private const string UpdateVariable = "DPFAH_UPDATE_GOLDEN";

    private static readonly string[] Methods = ["get", "put", "post", "delete", "patch"];

    private readonly ApiClient client = fixture.Client;

    [Fact]
    public async Task The_document_is_the_golden_one()
    {
        string served = (await DocumentAsync()).Text.ReplaceLineEndings("\n").TrimEnd() + "\n";
        string golden = Repository.PathOf(GoldenFile);
        if (Environment.GetEnvironmentVariable(UpdateVariable) == "1")
        {
            await File.WriteAllTextAsync(golden, served);
        }

        Assert.True(
            served == await File.ReadAllTextAsync(golden),
            $"The document is another than {GoldenFile}. If that is meant, run this test with {UpdateVariable}=1 and commit the file.");
    }

    [Fact]
    public async Task Every_operation_says_what_it_is()
    {
        using JsonDocument document = JsonDocument.Parse((await DocumentAsync()).Body);
        var ids = new List<string>();
        foreach (JsonProperty path in document.RootElement.GetProperty("paths").EnumerateObject())
        {
            foreach (JsonProperty operation in path.Value.EnumerateObject().Where(member => Methods.Contains(member.Name)))
            {
                string name = $"{operation.Name} {path.Name}";
                ids.Add(Text(operation.Value, "operationId", name));
                Text(operation.Value, "summary", name);
                Assert.True(operation.Value.GetProperty("tags").GetArrayLength() == 1, name);
                JsonProperty[] responses = [.. operation.Value.GetProperty("responses").EnumerateObject()];
                Assert.All(responses, response => Text(response.Value, "description", $"{name} {response.Name}"));
                Assert.Contains(responses, response => response.Name.StartsWith('2'));
                if (operation.Value.TryGetProperty("parameters", out JsonElement parameters))
                {
                    Assert.All(
                        parameters.EnumerateArray().Where(parameter => parameter.GetProperty("in").GetString() == "query"),
                        parameter => Text(parameter, "description", $"{name} {parameter.GetProperty("name")}"));
                }
            }
        }

        Assert.True(ids.Count >= 18, $"Only {ids.Count} operations.");
        Assert.Equal(ids.Count, ids.Distinct().Count());
    }

    [Fact]
    public async Task Every_reference_leads_somewhere()
    {
        using JsonDocument document = JsonDocument.Parse((await DocumentAsync()).Body);
        string[] references = [.. References(document.RootElement).Distinct()];

        Assert.NotEmpty(references);
        Assert.All(references, reference =>
        {
            JsonElement at = document.RootElement;
            foreach (string step in reference.Split('/').Skip(1))
            {
                Assert.True(at.TryGetProperty(step, out at), reference);
            }
        });
    }

    [Fact]
    public async Task Swagger_ui_is_served_on_the_document()
    {
        Answer page = await client.GetAsync("/swagger/index.html");
        page.AssertStatus(HttpStatusCode.OK);
        Assert.Contains("swagger-ui", page.Text, StringComparison.Ordinal);
        Assert.Contains("Dpfah API", page.Text, StringComparison.Ordinal);
        Assert.Contains("openapi/v1.json", page.Text + (await client.GetAsync("/swagger/index.js")).Text, StringComparison.Ordinal);
        Assert.True((await client.GetAsync("/swagger/swagger-ui-bundle.js")).Body.Length > 100_000);

        Answer folder = await client.GetAsync("/swagger/");
        Assert.Contains(folder.Status, new[] { HttpStatusCode.OK, HttpStatusCode.Moved, HttpStatusCode.Redirect });
    }

    private async Task<Answer> DocumentAsync()
    {
        Answer answer = await client.GetAsync("/openapi/v1.json");
        answer.AssertStatus(HttpStatusCode.OK);
        Assert.Equal("application/json", answer.ContentHeaders.ContentType?.MediaType);
        return answer;
    }

    private static string Text(JsonElement element, string member, string where)
    {
        string? text = element.TryGetProperty(member, out JsonElement value) ? value.GetString() : null;
        Assert.False(string.IsNullOrWhiteSpace(text), $"{where} has no {member}.");
        return text!;
    }

    private static IEnumerable<string> References(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(member =>
            member is { Name: "$ref", Value.ValueKind: JsonValueKind.String } ? [member.Value.GetString()!] : References(member.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(References),
        _ => [],
    };
}
