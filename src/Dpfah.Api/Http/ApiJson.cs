using System.Text.Json;
using System.Text.Json.Serialization;
using Dpfah.Api.Access;
using Dpfah.Api.Auditing;
using Dpfah.Api.Collections;
using Dpfah.Api.Duplicates;
using Dpfah.Api.Evaluations;
using Dpfah.Api.Explanations;
using Dpfah.Api.Feedback;
using Dpfah.Api.Generations;
using Dpfah.Api.Health;
using Dpfah.Api.Images;
using Dpfah.Api.Jobs;
using Dpfah.Api.Limits;
using Dpfah.Api.Models;
using Dpfah.Api.Search;
using Dpfah.Api.Training;
using Dpfah.Engine.Generations;
using Microsoft.AspNetCore.Mvc;

namespace Dpfah.Api.Http;

/// <summary>How each body of a request is read and each answer is written, as code that the compiler made: nothing is looked up by reflection.</summary>
/// <remarks>A new body or answer gets a line here; a test holds the list against the endpoints.</remarks>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ActivateGenerationRequest))]
[JsonSerializable(typeof(CreateGenerationRequest))]
[JsonSerializable(typeof(CreateKeyRequest))]
[JsonSerializable(typeof(DuplicatesJobRequest))]
[JsonSerializable(typeof(EvaluationJobRequest))]
[JsonSerializable(typeof(FeedbackRequest))]
[JsonSerializable(typeof(NotDuplicateRequest))]
[JsonSerializable(typeof(PatchImageRequest))]
[JsonSerializable(typeof(PutCollectionRequest))]
[JsonSerializable(typeof(ReshardRequest))]
[JsonSerializable(typeof(RetrainRequest))]
[JsonSerializable(typeof(SearchBatchRequest))]
[JsonSerializable(typeof(SearchByCodeRequest))]
[JsonSerializable(typeof(SignInRequest))]
[JsonSerializable(typeof(TrainingJobRequest))]
[JsonSerializable(typeof(ActivationResponse))]
[JsonSerializable(typeof(AuditList))]
[JsonSerializable(typeof(CollectionList))]
[JsonSerializable(typeof(CollectionResponse))]
[JsonSerializable(typeof(CompareResponse))]
[JsonSerializable(typeof(CreatedKeyResponse))]
[JsonSerializable(typeof(DuplicateGroupList))]
[JsonSerializable(typeof(DuplicateLine))]
[JsonSerializable(typeof(DuplicateList))]
[JsonSerializable(typeof(ExplanationResponse))]
[JsonSerializable(typeof(FeedbackList))]
[JsonSerializable(typeof(FeedbackResponse))]
[JsonSerializable(typeof(GenerationList))]
[JsonSerializable(typeof(GenerationStatusResponse))]
[JsonSerializable(typeof(ImageList))]
[JsonSerializable(typeof(ImageResponse))]
[JsonSerializable(typeof(JobList))]
[JsonSerializable(typeof(JobRejectionResponse))]
[JsonSerializable(typeof(JobResponse))]
[JsonSerializable(typeof(KeyList))]
[JsonSerializable(typeof(KeyResponse))]
[JsonSerializable(typeof(LimitsResponse))]
[JsonSerializable(typeof(LiveResponse))]
[JsonSerializable(typeof(ModelEvaluationList))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(ModelResponse))]
[JsonSerializable(typeof(NotDuplicateList))]
[JsonSerializable(typeof(NotDuplicateResponse))]
[JsonSerializable(typeof(ReadyResponse))]
[JsonSerializable(typeof(ReshardResponse))]
[JsonSerializable(typeof(SearchBatchResponse))]
[JsonSerializable(typeof(SearchResponse))]
[JsonSerializable(typeof(SessionResponse))]
[JsonSerializable(typeof(ProblemDetails))]
[JsonSerializable(typeof(GenerationComparison))] // in problems, as numbers and texts are
[JsonSerializable(typeof(int))]
[JsonSerializable(typeof(long))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(int?))] // parameters, which the OpenAPI document describes
[JsonSerializable(typeof(long?))]
[JsonSerializable(typeof(double?))]
[JsonSerializable(typeof(bool?))]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(DateTime?))]
internal sealed partial class ApiJson : JsonSerializerContext;
