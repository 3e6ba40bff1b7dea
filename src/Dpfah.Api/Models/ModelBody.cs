using Dpfah.Api.Http;
using Dpfah.Engine.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Dpfah.Api.Models;

/// <summary>The files of a model that is sent as <c>multipart/form-data</c>, in a folder that goes with this.</summary>
internal sealed class ModelBody : IDisposable
{
    /// <summary>Most bytes of a head file: 64 MiB.</summary>
    public const long MaxHeadBytes = 64 << 20;

    /// <summary>Most bytes of a request: 512 MiB.</summary>
    public const long MaxBytes = 512 << 20;

    private const string Head = "head";
    private const string Backbone = "backbone";

    private readonly string folder = Directory.CreateTempSubdirectory("dpfah-model-").FullName;

    /// <summary>Path of the head file; null when none was sent.</summary>
    public string? HeadPath { get; private set; }

    /// <summary>Path of the backbone file; null when none was sent.</summary>
    public string? BackbonePath { get; private set; }

    /// <summary>Reads a body.</summary>
    /// <param name="request">The request; its size is bounded by the server.</param>
    /// <param name="cancellationToken">Ends with the request.</param>
    /// <returns>What is wrong with it; null when nothing is.</returns>
    public async Task<ProblemHttpResult?> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? type)
            || !type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase)
            || HeaderUtilities.RemoveQuotes(type.Boundary).ToString() is not { Length: > 0 and <= 70 } boundary)
        {
            return Problems.BadBody($"A model is sent as multipart/form-data with the files '{Head}' and, unless the service has it, '{Backbone}'.");
        }

        try
        {
            return await ReadFieldsAsync(new MultipartReader(boundary, request.Body), cancellationToken)
                ?? (HeadPath is null ? Problems.BadParameter(Head, $"There is no file '{Head}': send the head of the model, a safetensors file.") : null);
        }
        catch (InvalidDataException error)
        {
            return Problems.BadBody($"The multipart body is damaged: {error.Message.TrimEnd(' ', '.')}.");
        }
        catch (IOException error) when (error is not BadHttpRequestException && !DiskSpace.IsFull(error))
        {
            return Problems.BadBody("The multipart body is damaged: it ends before its last boundary.");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(folder, recursive: true);

    private async Task<ProblemHttpResult?> ReadFieldsAsync(MultipartReader reader, CancellationToken cancellationToken)
    {
        while (await reader.ReadNextSectionAsync(cancellationToken) is { } section)
        {
            string name = ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out ContentDispositionHeaderValue? disposition)
                ? HeaderUtilities.RemoveQuotes(disposition.Name).ToString()
                : "";
            if (name is not (Head or Backbone))
            {
                return Problems.BadParameter(name, $"There is no field '{name}' here. Known: {Head}, {Backbone}.");
            }

            string path = Path.Combine(folder, name);
            if (File.Exists(path))
            {
                return Problems.BadParameter(name, $"The field '{name}' was sent more than once.");
            }

            await using FileStream file = File.Create(path);
            await section.Body.CopyToAsync(file, cancellationToken);
            if (name == Head && file.Length > MaxHeadBytes)
            {
                return Problems.BadParameter(Head, $"The file '{Head}' has {file.Length:N0} bytes; a head has at most {MaxHeadBytes:N0}.");
            }

            (HeadPath, BackbonePath) = name == Head ? (path, BackbonePath) : (HeadPath, path);
        }

        return null;
    }
}
