using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Dpfah.FunctionalTests.Hosting;

/// <summary>A response, read to its end.</summary>
public sealed record Answer(HttpStatusCode Status, HttpResponseHeaders Headers, HttpContentHeaders ContentHeaders, byte[] Body)
{
    /// <summary>How answers are read.</summary>
    internal static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };


    /// <summary>What the service logged as errors, when the status is 500.</summary>
    public string? Errors { get; init; }

    /// <summary>The body as text.</summary>
    public string Text => Encoding.UTF8.GetString(Body);

    /// <summary>The entity tag; null when there is none.</summary>
    public string? ETag => Headers.ETag?.ToString();

    /// <summary>Asserts the status and reads the body as JSON.</summary>
    public T Read<T>(HttpStatusCode expected = HttpStatusCode.OK)
    {
        AssertStatus(expected);
        Assert.Equal("application/json", ContentHeaders.ContentType?.MediaType);
        return JsonSerializer.Deserialize<T>(Body, Json)!;
    }

    /// <summary>Asserts the status.</summary>
    public void AssertStatus(HttpStatusCode expected) =>
        Assert.True(Status == expected, $"Expected {expected}, but it was {(int)Status}: {Text}\n{Errors}");

    /// <summary>Asserts that this is a problem (RFC 9457) of a status and a code, in the form that every problem has.</summary>
    /// <returns>The problem, whose detail is a sentence.</returns>
    public Problem ReadProblem(HttpStatusCode status, string code)
    {
        AssertStatus(status);
        Problem problem = ReadProblem();
        Assert.True(problem.Code == code, $"Expected code {code}: {Text}");
        return problem;
    }

    /// <summary>Asserts that a parameter was refused.</summary>
    public Problem ReadBadParameter() => ReadProblem(HttpStatusCode.BadRequest, "bad-parameter");

    /// <summary>Asserts that a body was refused.</summary>
    public Problem ReadBadBody() => ReadProblem(HttpStatusCode.BadRequest, "bad-body");

    /// <summary>Asserts that this is a problem in the form that every problem has.</summary>
    public Problem ReadProblem()
    {
        Assert.True(ContentHeaders.ContentType?.MediaType == "application/problem+json", $"{(int)Status} {ContentHeaders.ContentType}: {Text}");
        Problem problem = JsonSerializer.Deserialize<Problem>(Body, Json)!;
        Assert.Equal((int)Status, problem.Status);
        Assert.Equal($"urn:dpfah:problem:{problem.Code}", problem.Type);
        Assert.False(string.IsNullOrWhiteSpace(problem.Title), Text);
        Assert.EndsWith(".", problem.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", problem.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", problem.Detail, StringComparison.Ordinal);
        return problem;
    }
}

/// <summary>Problem details as a client reads them.</summary>
public sealed record Problem(string Type, string Title, int Status, string Detail, string Code, string? Parameter);
